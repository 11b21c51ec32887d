"""All open connections, and what they share: memory to read, and the bound of messages in processing."""

from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from iotflow_gateway.endpoint.client_addresses import ClientAddresses
from iotflow_gateway.endpoint.limits import READ_BYTES, READING_BYTES

if TYPE_CHECKING:
    from iotflow_gateway.endpoint.connection import Connection


class ReadBudget:
    """Memory for large packets while they are read. size: in bytes, for all connections together."""

    def __init__(self, size: int) -> None:
        self._free = size
        self._acquired: dict[object, int] = {}
        # In the order of the calls.
        self._waiting: dict[object, tuple[int, Callable[[], None]]] = {}

    def acquire(self, owner: object, size: int, on_acquired: Callable[[], None]) -> bool:
        """Whether the owner has the size now; otherwise on_acquired is called once it has."""
        if not self._waiting and size <= self._free:
            self._give(owner, size)
            return True
        self._waiting[owner] = size, on_acquired
        return False

    def release(self, owner: object) -> None:
        """Free what the owner has acquired, or waits for."""
        self._waiting.pop(owner, None)
        self._free += self._acquired.pop(owner, 0)
        while self._waiting:
            next_owner, (size, on_acquired) = next(iter(self._waiting.items()))
            if size > self._free:
                return
            del self._waiting[next_owner]
            self._give(next_owner, size)
            on_acquired()

    def _give(self, owner: object, size: int) -> None:
        self._free -= size
        self._acquired[owner] = size


class Connections:
    """is_full: whether nothing may be read from clients."""

    def __init__(self, is_full: Callable[[], bool]) -> None:
        self._is_full = is_full
        self._open: set[Connection] = set()
        self._addresses = ClientAddresses()
        # Connections that wait until messages in processing are finished, in order.
        self._waiting: deque[Connection] = deque()
        self.buffer = memoryview(bytearray(READ_BYTES))
        self.budget = ReadBudget(READING_BYTES)

    def __iter__(self) -> "Iterator[Connection]":
        return iter(list(self._open))

    @property
    def is_full(self) -> bool:
        """Whether nothing may be read from clients."""
        return self._is_full()

    def add(self, connection: "Connection") -> bool:
        """Add a connection; False: there are too many."""
        if not self._addresses.add(connection):
            return False
        self._open.add(connection)
        return True

    def identify(self, connection: "Connection") -> None:
        """Record that the connection has sent its CONNECT."""
        self._addresses.identify(connection)

    def remove(self, connection: "Connection") -> None:
        """Record that the connection has ended."""
        if connection in self._open:
            self._open.discard(connection)
            self._addresses.remove(connection)

    def wait_for_room(self, connection: "Connection") -> None:
        """Resume the connection once there is room for its messages."""
        self._waiting.append(connection)

    def resume(self) -> None:
        """Resume the connections that wait for room, until there is none. Not called while a message is processed."""
        while self._waiting and not self._is_full():
            self._waiting.popleft().resume()
