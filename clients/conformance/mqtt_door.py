"""The adapter with its embedded broker before a gRPC port, for clients that take commands and configurations by MQTT."""

import asyncio
import os
import sys
from contextlib import suppress
from pathlib import Path

from clients.conformance.waiting import poll
from tools.ports import reserved_port

_START_SECONDS = 30.0


class MqttDoor:
    """Listens on `port`. server: host:port of the gRPC server. token: of a gateway. folder: of the log."""

    def __init__(self, server: str, token: str, folder: Path) -> None:
        self.port = reserved_port()
        self._folder = folder
        self._log = folder / "mqtt.log"
        self._ready = folder / "mqtt.ready"
        self._settings = {
            "IOTFLOW_GATEWAY_SERVER": server,
            "IOTFLOW_GATEWAY_TOKEN": token,
            "IOTFLOW_GATEWAY_BROKER": "embedded",
            "IOTFLOW_GATEWAY_MQTT_HOST": "127.0.0.1",
            "IOTFLOW_GATEWAY_MQTT_PORT": str(self.port),
            "IOTFLOW_GATEWAY_READY_FILE": str(self._ready),
        }
        self._process: asyncio.subprocess.Process | None = None

    async def open(self) -> None:
        """Run the adapter until it takes connections and receives messages."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "iotflow_gateway",
                cwd=self._folder,
                env={**os.environ, **self._settings},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        await poll(self._complaint, _START_SECONDS)

    async def end(self) -> None:
        """End the adapter. No effect where it does not run."""
        if self._process:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    async def _complaint(self) -> str:
        """Empty once the adapter is ready."""
        return "" if self._ready.exists() else f"The adapter is not ready; see {self._log}."
