"""The IoTDB that all scenarios share, off the event loop."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from iotflow_server.telemetry.stores.iotdb import IotdbAddress
from iotflow_server.telemetry.stores.iotdb.session import IotdbSession, StatementFailed
from tools.iotdb_server import IotdbServer


class Database:
    """A real server that is killed, frozen and started again."""

    def __init__(self, server: IotdbServer) -> None:
        self._server = server
        self._running = True

    @property
    def address(self) -> IotdbAddress:
        """For a store of a test's own."""
        return IotdbAddress([f"127.0.0.1:{self._server.port}"])

    @property
    def url(self) -> str:
        """For the setting that chooses the store."""
        return f"iotdb://root:root@127.0.0.1:{self._server.port}"

    async def kill(self) -> None:
        """As a crash ends it: what it had in memory alone is gone."""
        await asyncio.to_thread(self._server.stop, signal.SIGKILL)
        self._running = False

    async def start(self) -> None:
        """Returns when it answers, which is before it takes writes. Harmless when it runs."""
        if not self._running:
            await asyncio.to_thread(self._server.start)
            self._running = True

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It keeps its connections and says nothing."""
        with self._server.paused():
            yield

    async def empty(self) -> None:
        """Forget all readings, those of scenarios before."""
        await asyncio.to_thread(self._empty)

    def session(self, request_seconds: float = 30) -> IotdbSession:
        """A connection of its own, as another server would have one."""
        return IotdbSession(self.address.nodes[0], self.address, connect_seconds=5, request_seconds=request_seconds)

    def _empty(self) -> None:
        session = self.session()
        with suppress(StatementFailed):
            session.execute("DELETE DATABASE root.iotflow")
        session.close()
