"""Whether a connection is read from: not while any cause holds it."""

import asyncio
from collections.abc import Callable
from enum import IntFlag


class Hold(IntFlag):
    """Causes for which nothing is read from a connection: its login is in progress; it has too many messages in processing; all
    connections have; it does not read what is written to it; a large packet waits for memory; others are served; the endpoint
    stops."""

    LOGIN = 1
    OWN_WINDOW = 2
    WINDOW = 4
    UNREAD = 8
    MEMORY = 16
    OTHERS = 32
    DRAINING = 64


class Reading:
    """on_resumed: called when the last cause has ended, before the transport is read from again. is_held: whether nothing may be read or
    processed."""

    def __init__(self, on_resumed: Callable[[], None]) -> None:
        self._on_resumed = on_resumed
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.ReadTransport | None = None
        self._holds = Hold(0)
        # Asked for each packet, where a test of the flags takes longer.
        self.is_held = False

    def is_held_for(self, cause: Hold) -> bool:
        """Whether the cause is one of those."""
        return bool(self._holds & cause)

    def start(self, transport: asyncio.ReadTransport) -> None:
        """Record the transport that is read from."""
        self._transport = transport

    def stop(self) -> None:
        """Leave the transport as it is from now on."""
        self._transport = None

    def hold(self, cause: Hold) -> None:
        """Read nothing until the cause is released."""
        if not self.is_held and self._transport:
            self._transport.pause_reading()
        self._holds |= cause
        self.is_held = True

    def release_soon(self, cause: Hold) -> None:
        """End a hold, after this turn of the event loop."""
        if self._holds & cause:
            self._loop.call_soon(self.release, cause)

    def release(self, cause: Hold) -> None:
        """End a hold."""
        self._holds &= ~cause
        self.is_held = bool(self._holds)
        if self.is_held or not self._transport:
            return
        self._on_resumed()
        if not self.is_held and self._transport:
            self._transport.resume_reading()
