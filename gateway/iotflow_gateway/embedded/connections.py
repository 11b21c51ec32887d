"""The open connections of the embedded broker."""

import asyncio

import structlog
from amqtt.adapters import StreamReaderAdapter, StreamWriterAdapter

from iotflow.log_limits import Interval
from iotflow_gateway.embedded.limits import MOST_CONNECTIONS, MOST_UNIDENTIFIED
from iotflow_gateway.embedded.packets import PacketReader, ReadBudget

log = structlog.get_logger(__name__)

# Time for a client to read the last packets before its connection is closed.
CLOSE_SECONDS = 2.0
HINT = "--broker mosquitto accepts more connections"


class Reader(StreamReaderAdapter):
    """A reader of packets for amqtt."""

    def __init__(self, reader: asyncio.StreamReader, budget: ReadBudget) -> None:
        super().__init__(reader)
        self.packets = PacketReader(reader, budget)


class Writer(StreamWriterAdapter):
    """A writer that closes its socket even if the client does not read."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        super().__init__(writer)
        self.connection = writer

    async def close(self) -> None:
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await super().close()
        except (OSError, TimeoutError):
            # The client has disconnected, or does not read.
            return
        finally:
            self.connection.transport.abort()


class Connections:
    """Bounds the number of connections."""

    def __init__(self) -> None:
        self._open: set[asyncio.StreamWriter] = set()
        # Connections without a CONNECT, the oldest first.
        self._unidentified: dict[asyncio.StreamWriter, None] = {}
        self._between_lines = Interval()

    def add(self, connection: asyncio.StreamWriter) -> bool:
        """Add a connection; False: there are too many. Too many without a CONNECT close the oldest of those."""
        if len(self._open) >= MOST_CONNECTIONS:
            self._log("connection_rejected", f"{MOST_CONNECTIONS} connections are open")
            return False
        if len(self._unidentified) >= MOST_UNIDENTIFIED:
            self._log("connection_ended", f"{MOST_UNIDENTIFIED} connections have sent no CONNECT")
            # Removed at once: further connections may arrive before the event loop has closed this one.
            oldest = next(iter(self._unidentified))
            self.remove(oldest)
            oldest.transport.abort()
        self._open.add(connection)
        self._unidentified[connection] = None
        return True

    def identify(self, connection: asyncio.StreamWriter) -> None:
        """Record that the connection has sent its CONNECT."""
        self._unidentified.pop(connection, None)

    def remove(self, connection: asyncio.StreamWriter) -> None:
        """Record that the connection has ended."""
        self._open.discard(connection)
        self._unidentified.pop(connection, None)

    def _log(self, event: str, problem: str) -> None:
        if self._between_lines.passed():
            log.warning(event, problem=problem, hint=HINT)
