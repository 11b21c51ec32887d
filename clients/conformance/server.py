"""The real server as a process that is killed and started again on the same port and folder."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from clients.conformance.waiting import ScenarioFailed
from tools.ports import reserved_port

_START_SECONDS = 60.0
_STOP_SECONDS = 30.0
_TRY_SECONDS = 0.02
_LOG_BYTES = 2_000


class Server:
    """folder: of the databases, the admin token and the log. settings: on top of those of every server here."""

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        folder.mkdir(exist_ok=True)
        self.port = reserved_port()
        self.log = folder / "server.log"
        self._folder = folder
        self._settings = {
            "IOTFLOW_DATA_DIR": str(folder),
            "IOTFLOW_GRPC_PORT": str(self.port),
            "IOTFLOW_REGISTRATION": "open",
            "IOTFLOW_PUBLIC_DIAGNOSTICS": "true",
            **settings,
        }
        self._process: asyncio.subprocess.Process | None = None

    @property
    def target(self) -> str:
        """host:port, the same after every start."""
        return f"127.0.0.1:{self.port}"

    @property
    def admin_token(self) -> str:
        """The token that the server made at its first start."""
        return (self._folder / "admin-token").read_text().strip()

    @property
    def gateway_token(self) -> str:
        """The token of a gateway that the server made at its first start."""
        return (self._folder / "gateway-token").read_text().strip()

    @property
    def running(self) -> bool:
        """Whether the process was started and has not ended."""
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Run the server until it answers. No effect where it runs."""
        if self.running:
            return
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "iotflow_server",
                cwd=self._folder,
                env={**os.environ, **self._settings},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        await self._until_it_answers()

    async def stop(self) -> None:
        """End it in order. No effect where it does not run."""
        if self._process and self.running:
            self._process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(_STOP_SECONDS):
                await self._process.wait()

    async def kill(self) -> None:
        """End it as a crash does. No effect where it does not run."""
        if self._process and self.running:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()

    async def _until_it_answers(self) -> None:
        try:
            async with asyncio.timeout(_START_SECONDS):
                while not await self._listens():
                    if not self.running:
                        raise ScenarioFailed(f"The server did not start: {self.log.read_text()[-_LOG_BYTES:]}")
                    await asyncio.sleep(_TRY_SECONDS)
                async with grpc.aio.insecure_channel(self.target) as channel:
                    health: Any = health_pb2_grpc.HealthStub(channel)
                    await health.Check(health_pb2.HealthCheckRequest(), wait_for_ready=True)
        except TimeoutError:
            raise ScenarioFailed(f"The server did not answer within {_START_SECONDS:g} s of its start.") from None

    async def _listens(self) -> bool:
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.close()
            return True
        return False
