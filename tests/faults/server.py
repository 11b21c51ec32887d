"""The server as a process that tests kill and restart, with one folder and port."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.support.processes import PATIENCE, Running, free_port, running, wait_until_listening


class Server:
    """env: settings in addition to those of all servers of these tests."""

    def __init__(self, folder: Path, telemetry: str, env: dict[str, str]) -> None:
        self.folder = folder
        self._port = free_port()
        self._env = {
            "IOTFLOW_DATA_DIR": str(folder),
            "IOTFLOW_GRPC_PORT": str(self._port),
            "IOTFLOW_REGISTRATION": "open",
            "IOTFLOW_PUBLIC_DIAGNOSTICS": "true",
            "IOTFLOW_TELEMETRY": telemetry,
            **env,
        }
        self._stack = ExitStack()
        self._process: Running | None = None
        self._earlier = ""

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self._port}"

    @property
    def admin_token(self) -> str:
        return (self.folder / "admin-token").read_text().strip()

    @property
    def pid(self) -> int:
        """The id of the running process."""
        assert self._process
        return self._process.pid

    @property
    def log(self) -> str:
        """The output of all its processes so far."""
        return self._earlier + (self._process.output if self._process else "")

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        command = [sys.executable, "-m", "iotflow_server"]
        self._process = self._stack.enter_context(running(command, self._env, cwd=self.folder))
        # A channel waits for a second after a refused connection.
        wait_until_listening(self._port, self._process, 3 * PATIENCE)
        with grpc.insecure_channel(self.target) as channel:
            health: Any = health_pb2_grpc.HealthStub(channel)
            health.Check(health_pb2.HealthCheckRequest(), wait_for_ready=True, timeout=3 * PATIENCE)

    def ensure_running(self) -> None:
        """Start the server unless it runs."""
        if not (self._process and self._process.alive):
            self.kill()
            self.start()

    def stop(self) -> None:
        """Stop the server with SIGTERM."""
        if self._process:
            assert self._process.terminate() == 0, self.log
            self._end()

    def kill(self) -> None:
        """Kill the server with SIGKILL. Does nothing if it does not run."""
        if self._process:
            os.kill(self._process.pid, signal.SIGKILL)
            self._process.exit_code()
            self._end()

    def _end(self) -> None:
        self._earlier = self.log + "\n"
        self._process = None
        self._stack.close()


@contextmanager
def server_process(folder: Path, telemetry: str, env: dict[str, str]) -> Iterator[Server]:
    """A server that is not started yet; killed at the end."""
    server = Server(folder, telemetry, env)
    try:
        yield server
    finally:
        server.kill()
