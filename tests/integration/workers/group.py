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
from tests.support.processes import PATIENCE, Running, running

COMMAND = [sys.executable, "-m", "iotflow_server"]


@dataclass(frozen=True, slots=True)
class Workers:
    """The parent process, the shared port, and the data folder of a group."""

    process: Running
    port: int
    folder: Path

    def channel(self) -> grpc.Channel:
        """A new connection to a worker that the kernel chooses."""
        return grpc.insecure_channel(f"127.0.0.1:{self.port}", options=[("grpc.use_local_subchannel_pool", 1)])

    def channel_to(self, worker: int) -> grpc.Channel:
        """A connection to this worker."""
        return grpc.insecure_channel(f"unix:{self.folder}/workers/{worker}.sock")

    def pid(self, worker: int) -> int:
        """The process id of the worker with this number."""
        return [int(line["pid"]) for line in self.log_lines("worker_ready") if line["worker"] == worker][-1]

    def kill(self, worker: int) -> None:
        """Kill the worker with SIGKILL."""
        os.kill(self.pid(worker), signal.SIGKILL)

    def log_lines(self, event: str, count: int = 1) -> list[dict[str, Any]]:
        """Wait until the log has this number of lines with the event, and return them."""
        lines = self.process.wait_for_lines(lambda line: f'"event": "{event}"' in line, count)
        return [json.loads(line) for line in lines]


@contextmanager
def workers(folder: Path, count: int, **env: str) -> Iterator[Workers]:
    """Run a group on a free port, with open registration and diagnostics, and wait until it serves."""
    with starting(folder, count, **env) as process:
        # Each worker logs this event, and the parent logs it last.
        lines = process.wait_for_lines(lambda line: f'"workers": {count}, "event": "serving"' in line)
        port = int(json.loads(lines[0])["address"].rpartition(":")[2])
        yield Workers(process, port, folder)


@contextmanager
def starting(folder: Path, count: int, **env: str) -> Iterator[Running]:
    """The parent process of a group."""
    ours = {"IOTFLOW_WORKERS": str(count), "IOTFLOW_DATA_DIR": str(folder), "IOTFLOW_GRPC_PORT": "0"}
    with running(
        COMMAND, {**ours, "IOTFLOW_REGISTRATION": "open", "IOTFLOW_PUBLIC_DIAGNOSTICS": "true", **env}, folder
    ) as process:
        yield process


def answering_worker(channel: grpc.Channel) -> int:
    """The number of the worker that answers on the channel."""
    answer = SystemServiceStub(channel).GetMetrics(GetMetricsRequest(), wait_for_ready=True, timeout=PATIENCE)
    found = re.search(r"^iotflow_worker (\d+)", answer.data.decode(), re.MULTILINE)
    assert found
    return int(found[1])
