"""A link with a TCP connection of its own."""

import asyncio
import ssl
from abc import abstractmethod
from contextlib import suppress
from typing import NamedTuple

from iotflow_simulators.doors.door_address import DoorAddress
from iotflow_simulators.doors.link import Link, Listener, Login, Problem
from iotflow_simulators.tasks import OwnedTasks

CONNECT_SECONDS = 10.0


class Endpoint(NamedTuple):
    """Where the links of a door connect. context: of TLS; None: without it. tasks: in which they do."""

    address: DoorAddress
    context: ssl.SSLContext | None
    tasks: OwnedTasks


class _Protocol(asyncio.Protocol):
    """Passes what happens to the link, as long as the link is not over. Bytes that it cannot read end it."""

    def __init__(self, link: "SocketLink") -> None:
        self._link = link

    def data_received(self, data: bytes) -> None:
        if self._link.is_over:
            return
        try:
            self._link.received(data)
        except (ValueError, IndexError) as error:
            self._link.fail(Problem("MALFORMED_ANSWER", str(error)))

    def connection_lost(self, error: Exception | None) -> None:
        self._link.fail(Problem("DISCONNECTED", str(error or "the peer closed the connection")))


class SocketLink(Link):
    """The parts of a link that do not depend on the protocol."""

    def __init__(self, endpoint: Endpoint, login: Login, listener: Listener) -> None:
        super().__init__(login, listener)
        self.loop = asyncio.get_running_loop()
        self.is_over = False
        self._endpoint = endpoint
        self._transport: asyncio.Transport | None = None
        self._connecting: asyncio.Task[None] | None = None

    @abstractmethod
    def greet(self) -> None:
        """The connection is there: send the first bytes, or tell the listener that the link is open."""

    @abstractmethod
    def received(self, data: bytes) -> None:
        """Take bytes. Raises ValueError or IndexError where the protocol does not allow them."""

    def goodbye(self) -> bytes:
        """The last bytes of a clean end."""
        return b""

    def ended(self) -> None:
        """Release what the link has."""

    def open(self) -> None:
        """Connect in a task, which is the only one of the link."""
        self._connecting = self._endpoint.tasks.start(self._connect(), "link")

    def close(self, *, clean: bool) -> None:
        """Without a goodbye, the peer sees a reset connection."""
        if self.is_over:
            return
        self._end()
        if self._transport is None:
            return
        if clean:
            self._transport.write(self.goodbye())
            self._transport.close()
        else:
            self._transport.abort()

    def fail(self, problem: Problem) -> None:
        """The connection cannot be used any more."""
        if self.is_over:
            return
        self._end()
        if self._transport:
            self._transport.abort()
        self.listener.lost(problem)

    def write(self, data: bytes) -> None:
        """Send bytes."""
        assert self._transport is not None  # noqa: S101
        self._transport.write(data)

    def _end(self) -> None:
        self.is_over = True
        if self._connecting:
            self._connecting.cancel()
        self.ended()

    async def _connect(self) -> None:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                address, context, _ = self._endpoint
                self._transport, _ = await self.loop.create_connection(
                    lambda: _Protocol(self), address.host, address.port, ssl=context
                )
        except (OSError, TimeoutError) as error:
            self._connecting = None
            self.fail(Problem("NO_CONNECTION", str(error) or "the connection took too long"))
            return
        self._connecting = None
        with suppress(ConnectionError):
            self.greet()
