"""Several server processes on one port: start, connections, stop, and restarts."""

import os
import signal
import socket
import time
from contextlib import suppress
from pathlib import Path

import pytest

from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from tests.integration.grpc.conftest import register
from tests.integration.grpc.device import batch, read, stream
from tests.integration.workers.group import answering_worker, starting, workers
from tests.support.processes import PATIENCE, free_port


def test_all_workers_listen_on_the_port_and_each_on_its_own_socket(tmp_path: Path, redis: str) -> None:
    with workers(tmp_path, 3, IOTFLOW_REDIS_URL=redis) as group:
        assert (group.folder / "workers").stat().st_mode & 0o777 == 0o700
        for number in (1, 2, 3):
            with group.channel_to(number) as channel:
                assert answering_worker(channel) == number
        found: set[int] = set()
        while len(found) < 3:
            with group.channel() as channel:
                found.add(answering_worker(channel))


def test_several_workers_without_redis_are_rejected(tmp_path: Path) -> None:
    with starting(tmp_path, 2) as process:
        assert process.exit_code() == 1
        assert "IOTFLOW_WORKERS" in process.output
        assert "set IOTFLOW_REDIS_URL" in process.output
        assert "Traceback" not in process.output


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_stop_signal_drains_all_workers(tmp_path: Path, redis: str, number: signal.Signals) -> None:
    with workers(tmp_path, 2, IOTFLOW_REDIS_URL=redis) as group:
        with group.channel() as channel:
            device = register(DeviceServiceStub(channel), "drained")
            call = TelemetryServiceStub(channel).StreamTelemetry(iter([batch(1)]), metadata=device.metadata)
            assert next(call).committed_sequence == 1
        group.process.signal(number)
        assert group.process.exit_code() == 0
        assert {line["worker"] for line in group.log_lines("stopping", 2)} == {1, 2}
        assert_gone(group.pid(1), group.pid(2))
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", group.port))


def test_a_stop_signal_during_the_start_ends_all_workers(tmp_path: Path, redis: str) -> None:
    with starting(tmp_path, 2, IOTFLOW_REDIS_URL=redis) as process:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        deadline = time.monotonic() + PATIENCE
        while len(children.read_text().split()) < 2:
            assert time.monotonic() < deadline, process.output
        # As a terminal or a supervisor does. A worker that has not installed its signal handlers yet is killed by the signal.
        os.killpg(process.pid, signal.SIGTERM)
        assert process.exit_code() == 0, process.output
        assert "worker_ready" not in process.output


def test_workers_do_not_outlive_their_parent(tmp_path: Path, redis: str) -> None:
    with workers(tmp_path, 2, IOTFLOW_REDIS_URL=redis) as group:
        group.process.signal(signal.SIGKILL)
        group.process.exit_code()
        assert {line["worker"] for line in group.log_lines("stopping", 2)} == {1, 2}
        assert_gone(group.pid(1), group.pid(2))


def test_a_dead_worker_is_restarted_with_increasing_delay(tmp_path: Path, redis: str) -> None:
    with workers(tmp_path, 2, IOTFLOW_REDIS_URL=redis) as group:
        with group.channel_to(2) as channel:
            device = register(DeviceServiceStub(channel), "survivor")
            stub = TelemetryServiceStub(channel)
            assert stream(stub, device, [batch(1)])[-1].committed_sequence == 1
            for death in (1, 2):
                group.kill(2)
                assert len(group.log_lines("worker_ready", 2 + death)) == 2 + death
                assert answering_worker(channel) == 2
            assert len(read(stub, device)["value"]) == 3
        ends = [
            (line["worker"], line["reason"], line["restart_after_seconds"])
            for line in group.log_lines("worker_failed", 2)
        ]
        assert ends == [(2, "ended by SIGKILL", 0.25), (2, "ended by SIGKILL", 0.5)]
        assert group.process.terminate() == 0


def test_a_worker_that_fails_to_start_ends_the_group(tmp_path: Path, redis: str) -> None:
    (tmp_path / "admin-token").write_text("short\n")
    with starting(tmp_path, 2, IOTFLOW_REDIS_URL=redis) as process:
        assert process.exit_code() == 1
        assert "admin-token is too short" in process.output
        assert "ended with exit code 1" in process.output
        assert "Traceback" not in process.output


def test_other_servers_cannot_use_the_port(tmp_path: Path, redis: str) -> None:
    (tmp_path / "0").mkdir()
    with workers(tmp_path / "0", 2, IOTFLOW_REDIS_URL=redis) as group:
        port = {"IOTFLOW_GRPC_PORT": str(group.port), "IOTFLOW_REDIS_URL": redis}
        for count in (1, 2):
            (tmp_path / str(count)).mkdir()
            with starting(tmp_path / str(count), count, **port) as other:
                assert other.exit_code() == 1
                assert f"The server cannot listen on 127.0.0.1:{group.port}" in other.output


def test_one_of_two_groups_that_start_simultaneously_gets_the_port(tmp_path: Path, redis: str) -> None:
    settings = {"IOTFLOW_GRPC_PORT": str(free_port()), "IOTFLOW_REDIS_URL": redis}
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with starting(tmp_path / "a", 2, **settings) as one, starting(tmp_path / "b", 2, **settings) as other:
        fates = ("cannot_run", '"workers": 2')
        lines = [process.wait_for_lines(lambda line: any(fate in line for fate in fates)) for process in (one, other)]
        refused, serving = (one, other) if fates[0] in lines[0][0] else (other, one)
        assert refused.exit_code() == 1
        assert "The server cannot listen on" in refused.output
        assert serving.alive
        assert fates[0] not in serving.output


def test_a_port_in_use_ends_the_start(tmp_path: Path, redis: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = str(listening.getsockname()[1])
        with starting(tmp_path, 2, IOTFLOW_GRPC_PORT=port, IOTFLOW_REDIS_URL=redis) as process:
            assert process.exit_code() == 1
            assert f"The server cannot listen on 127.0.0.1:{port}" in process.output


def test_a_data_folder_is_for_one_group(tmp_path: Path, redis: str) -> None:
    with (
        workers(tmp_path, 2, IOTFLOW_REDIS_URL=redis) as group,
        starting(tmp_path, 2, IOTFLOW_REDIS_URL=redis) as other,
    ):
        assert other.exit_code() == 1
        assert (
            f"The data folder {tmp_path} is in use by another server (process {group.process.pid} on " in other.output
        )


def test_a_path_too_long_for_sockets_is_rejected(tmp_path: Path, redis: str) -> None:
    folder = tmp_path / ("long" * 25)
    folder.mkdir()
    with starting(folder, 2, IOTFLOW_REDIS_URL=redis) as process:
        assert process.exit_code() == 1
        assert "IOTFLOW_DATA_DIR" in process.output


def assert_gone(*pids: int) -> None:
    """Assert that the processes have ended. An ended process that its parent has not reaped has an empty command line."""
    for pid in pids:
        with suppress(FileNotFoundError, ProcessLookupError):
            assert Path(f"/proc/{pid}/cmdline").read_bytes() == b""
