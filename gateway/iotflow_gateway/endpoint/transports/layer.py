"""A layer between a socket and a connection: the protocol of the one, and the transport of the other."""

import asyncio
from typing import Any, Protocol, cast


class Upper(Protocol):
    """The protocol on top of a layer: a connection, or another layer."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is open; the layer is the transport."""
        ...

    def get_buffer(self, sizehint: int) -> memoryview:
        """Memory for what has arrived."""
        ...

    def buffer_updated(self, nbytes: int) -> None:
        """Process what has arrived in that memory."""
        ...

    def pause_writing(self) -> None:
        """The socket takes no more for now."""
        ...

    def resume_writing(self) -> None:
        """The socket takes more again."""
        ...

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is closed."""
        ...

    def reject(self, problem: str) -> None:
        """End a connection that violates the protocol of a layer below."""
        ...

    def postpone(self, seconds: float) -> None:
        """Give the client more time for its CONNECT."""
        ...


class Layer(asyncio.Transport, asyncio.BufferedProtocol):
    """Passes everything on except what a layer changes: bytes in both directions, and the end of what is written."""

    def __init__(self, upper: Upper) -> None:
        super().__init__()
        self._upper = upper
        # The transport below, once the connection is made.
        self.lower: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.lower = cast(asyncio.Transport, transport)
        self._upper.connection_made(self)

    def get_buffer(self, sizehint: int) -> memoryview:
        """The memory of the layer above: a layer is done with what it has read before that is written to."""
        return self._upper.get_buffer(sizehint)

    def pause_writing(self) -> None:
        self._upper.pause_writing()

    def resume_writing(self) -> None:
        self._upper.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._upper.connection_lost(exc)

    def reject(self, problem: str) -> None:
        """End the connection, with the problem in the log."""
        self._upper.reject(problem)

    def postpone(self, seconds: float) -> None:
        """Give the client more time for its CONNECT."""
        self._upper.postpone(seconds)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self.lower.get_extra_info(name, default)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self.lower.set_write_buffer_limits(high, low)

    def get_write_buffer_size(self) -> int:
        return self.lower.get_write_buffer_size()

    def pause_reading(self) -> None:
        self.lower.pause_reading()

    def resume_reading(self) -> None:
        self.lower.resume_reading()

    def can_write_eof(self) -> bool:
        return self.lower.can_write_eof()

    def is_closing(self) -> bool:
        return self.lower.is_closing()

    def close(self) -> None:
        self.lower.close()

    def abort(self) -> None:
        self.lower.abort()
