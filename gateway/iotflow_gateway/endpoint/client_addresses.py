"""Bounds of the connections of each client address. One address can end connections of its own, and not those of others."""

from collections import Counter
from typing import TYPE_CHECKING

import structlog

from iotflow.log_limits import LogLimit
from iotflow_gateway.endpoint.limits import (
    MOST_CONNECTIONS,
    MOST_OF_AN_ADDRESS,
    MOST_UNIDENTIFIED,
    MOST_UNIDENTIFIED_OF_AN_ADDRESS,
)

if TYPE_CHECKING:
    from iotflow_gateway.endpoint.connection import Connection

log = structlog.get_logger(__name__)

HINT = "raise the limit of open files (ulimit -n), or use --broker mosquitto with several adapters"


class ClientAddresses:
    """The addresses that have connections."""

    def __init__(self) -> None:
        self._connections: Counter[str] = Counter()
        self._count = 0
        # Connections without a CONNECT of each address, the oldest first, and their number.
        self._unidentified: dict[str, dict[Connection, None]] = {}
        self._unidentified_count = 0
        self._log_limit = LogLimit()

    def add(self, connection: "Connection") -> bool:
        """Add a connection; False: there are too many. Too many without a CONNECT end the oldest of those."""
        address = connection.address
        if self._count >= MOST_CONNECTIONS:
            self._warn("connection_rejected", f"{MOST_CONNECTIONS} connections are open", address, hint=HINT)
            return False
        if self._connections[address] >= MOST_OF_AN_ADDRESS:
            self._warn("connection_rejected", f"{MOST_OF_AN_ADDRESS} connections of one address are open", address)
            return False
        self._make_room(address)
        self._connections[address] += 1
        self._count += 1
        self._unidentified.setdefault(address, {})[connection] = None
        self._unidentified_count += 1
        return True

    def identify(self, connection: "Connection") -> None:
        """Record that the connection has sent its CONNECT."""
        own = self._unidentified.get(connection.address, {})
        if connection in own:
            del own[connection]
            self._unidentified_count -= 1
            if not own:
                del self._unidentified[connection.address]

    def remove(self, connection: "Connection") -> None:
        """Record that a connection has ended."""
        self.identify(connection)
        self._connections[connection.address] -= 1
        self._count -= 1
        if not self._connections[connection.address]:
            del self._connections[connection.address]

    def _make_room(self, address: str) -> None:
        """End the oldest connection without a CONNECT: of the address, or of the one with most, if there are too many."""
        if len(self._unidentified.get(address, ())) >= MOST_UNIDENTIFIED_OF_AN_ADDRESS:
            problem = f"{MOST_UNIDENTIFIED_OF_AN_ADDRESS} connections of one address have sent no CONNECT"
        elif self._unidentified_count >= MOST_UNIDENTIFIED:
            problem = f"{MOST_UNIDENTIFIED} connections have sent no CONNECT"
            address = max(self._unidentified, key=lambda one: len(self._unidentified[one]))
        else:
            return
        self._warn("connection_ended", problem, address)
        next(iter(self._unidentified[address])).abort()

    def _warn(self, event: str, problem: str, address: str, **facts: str) -> None:
        self._log_limit.warning(log, event, reason=problem, address=address, **facts)
