"""The IoTDB that all tests share, controlled without blocking the event loop."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from iotflow_server.telemetry.stores.iotdb import IotdbAddress
from iotflow_server.telemetry.stores.iotdb.session import IotdbSession, StatementFailed
from tools.iotdb_server import IotdbServer


class Database:
    """A real server that tests kill, pause and restart."""

    def __init__(self, server: IotdbServer) -> None:
        self._server = server
        self._running = True

    @property
    def address(self) -> IotdbAddress:
        """The address for a store that a test creates."""
        return IotdbAddress([f"127.0.0.1:{self._server.port}"])

    @property
    def url(self) -> str:
        """The URL for the setting of the store."""
        return f"iotdb://root:root@127.0.0.1:{self._server.port}"

    async def kill(self) -> None:
        """Kill the server with SIGKILL; data in its memory is lost."""
        await asyncio.to_thread(self._server.stop, signal.SIGKILL)
        self._running = False

    async def start(self) -> None:
        """Start the server, and wait until it answers, which is before it accepts writes. Does nothing if it runs."""
        if not self._running:
            await asyncio.to_thread(self._server.start)
            self._running = True

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Pause the server: its connections stay open, and it does not answer."""
        with self._server.paused():
            yield

    async def empty(self) -> None:
        """Remove the readings of earlier tests."""
        await asyncio.to_thread(self._empty)

    def session(self, request_seconds: float = 30) -> IotdbSession:
        """A separate connection, like that of another server."""
        return IotdbSession(self.address.nodes[0], self.address, connect_seconds=5, request_seconds=request_seconds)

    def _empty(self) -> None:
        session = self.session()
        with suppress(StatementFailed):
            session.execute("DELETE DATABASE root.iotflow")
        session.close()
