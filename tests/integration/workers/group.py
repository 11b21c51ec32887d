"""A group of server processes under test."""

import json
import os
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc

from iotflow.v1.system_service_pb2 import GetMetricsRequest
from iotflow.v1.system_service_pb2_grpc import SystemServiceStub
from tests.processes import PATIENCE, Running, running

COMMAND = [sys.executable, "-m", "iotflow_server"]


@dataclass(frozen=True, slots=True)
class Workers:
    """The parent, the port that all share, and their folder."""

    process: Running
    port: int
    folder: Path

    def channel(self) -> grpc.Channel:
        """To one of them, the system says which; a connection of its own."""
        return grpc.insecure_channel(f"127.0.0.1:{self.port}", options=[("grpc.use_local_subchannel_pool", 1)])

    def channel_to(self, worker: int) -> grpc.Channel:
        """To this one."""
        return grpc.insecure_channel(f"unix:{self.folder}/workers/{worker}.sock")

    def pid(self, worker: int) -> int:
        """The process that has this number now."""
        return [int(line["pid"]) for line in self.told("worker_ready") if line["worker"] == worker][-1]

    def kill(self, worker: int) -> None:
        """kill -9."""
        os.kill(self.pid(worker), signal.SIGKILL)

    def told(self, event: str, count: int = 1) -> list[dict[str, Any]]:
        """The lines of the log about such a happening, waiting until there are so many."""
        lines = self.process.wait_for_lines(lambda line: f'"event": "{event}"' in line, count)
        return [json.loads(line) for line in lines]


@contextmanager
def workers(folder: Path, count: int, **env: str) -> Iterator[Workers]:
    """A group on any free port that serves; registration and diagnostics are open."""
    with starting(folder, count, **env) as process:
        # Each worker says that it serves, and their parent says it last.
        lines = process.wait_for_lines(lambda line: f'"workers": {count}, "event": "serving"' in line)
        port = int(json.loads(lines[0])["address"].rpartition(":")[2])
        yield Workers(process, port, folder)


@contextmanager
def starting(folder: Path, count: int, **env: str) -> Iterator[Running]:
    """The parent of a group."""
    ours = {"IOTFLOW_WORKERS": str(count), "IOTFLOW_DATA_DIR": str(folder), "IOTFLOW_GRPC_PORT": "0"}
    with running(
        COMMAND, {**ours, "IOTFLOW_REGISTRATION": "open", "IOTFLOW_PUBLIC_DIAGNOSTICS": "true", **env}, folder
    ) as process:
        yield process


def who_answers(channel: grpc.Channel) -> int:
    """The number of the worker at the other end."""
    answer = SystemServiceStub(channel).GetMetrics(GetMetricsRequest(), wait_for_ready=True, timeout=PATIENCE)
    found = re.search(r"^iotflow_worker (\d+)", answer.data.decode(), re.MULTILINE)
    assert found
    return int(found[1])
