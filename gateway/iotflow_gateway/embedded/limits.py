"""What clients of the embedded broker may take of it. It is made for a laptop; --broker mosquitto is for more."""

import asyncio

import structlog

from iotflow.log_limits import Interval

log = structlog.get_logger(__name__)

# Connections at a time, and those among them that have not shown who they are.
MOST_CONNECTIONS, MOST_UNIDENTIFIED = 1_000, 100
# Sessions of all, of one device, and of clients without a login; of the oldest one more is ended for a new one.
MOST_SESSIONS, MOST_OF_A_DEVICE, MOST_ANONYMOUS = 2_000, 10, 200
MOST_FILTERS, LONGEST_FILTER = 50, 1_000
# Ids of messages of QoS 2 that a client has not released.
MOST_UNRELEASED = 1_000
# On their way to one client.
MOST_UNANSWERED, MOST_UNANSWERED_BYTES = 1_000, 16 * 2**20
# Kept for a session whose client is away.
MOST_KEPT, MOST_KEPT_BYTES = 1_000, 2**20
# Retained by one device.
MOST_RETAINED, MOST_RETAINED_BYTES = 50, 2**18
# Bytes of large packets that are being read.
READING_BYTES = 64 * 2**20


class Connections:
    """Those that are open."""

    def __init__(self) -> None:
        self._open: set[asyncio.StreamWriter] = set()
        # In the order in which they came.
        self._unidentified: dict[asyncio.StreamWriter, None] = {}
        self._between_lines = Interval()

    def add(self, connection: asyncio.StreamWriter) -> bool:
        """It came; whether there is room for it. One that has not said who it is for longest makes room."""
        if len(self._open) >= MOST_CONNECTIONS:
            self._say("refused", f"{MOST_CONNECTIONS} connections are open")
            return False
        if len(self._unidentified) >= MOST_UNIDENTIFIED:
            self._say("ended", f"{MOST_UNIDENTIFIED} connections have sent no CONNECT")
            # Many may come before the event loop has closed this one: it makes room now.
            oldest = next(iter(self._unidentified))
            self.remove(oldest)
            oldest.transport.abort()
        self._open.add(connection)
        self._unidentified[connection] = None
        return True

    def identified(self, connection: asyncio.StreamWriter) -> None:
        """It has sent its CONNECT."""
        self._unidentified.pop(connection, None)

    def remove(self, connection: asyncio.StreamWriter) -> None:
        """It is over."""
        self._open.discard(connection)
        self._unidentified.pop(connection, None)

    def _say(self, what: str, problem: str) -> None:
        if self._between_lines.passed():
            log.warning(f"connection {what}", problem=f"{problem}; --broker mosquitto takes more")
