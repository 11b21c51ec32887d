"""TLS between a socket and a connection. asyncio's own takes 256 KiB of memory for each connection, for a buffer to read into."""

import asyncio
import contextlib
import ssl
from typing import Any

from iotflow_gateway.endpoint.limits import LARGEST_HANDSHAKE, TURN_SECONDS
from iotflow_gateway.endpoint.transports.handshakes import Handshakes
from iotflow_gateway.endpoint.transports.layer import Layer, Upper

CLIENT_CERTIFICATE = "client_certificate"


class TlsLayer(Layer):
    """Nothing of OpenSSL is made before the first byte arrives: until then the connection may be refused."""

    def __init__(self, context: ssl.SSLContext, handshakes: Handshakes, upper: Upper) -> None:
        super().__init__(upper)
        self._context = context
        self._handshakes = handshakes
        self._received, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls: ssl.SSLObject | None = None
        self._handshake_bytes = 0
        self._loop, self._waiting_since = asyncio.get_running_loop(), 0.0
        self._is_open = self._is_waiting = self._is_held = self._has_ended = False

    def buffer_updated(self, nbytes: int) -> None:
        if self._has_ended:
            return
        self._received.write(self.get_buffer(-1)[:nbytes])
        if self._is_open:
            self._read()
            return
        self._handshake_bytes += nbytes
        if self._handshake_bytes > LARGEST_HANDSHAKE:
            self._fail(f"TLS: the handshake has more than {LARGEST_HANDSHAKE} bytes")
        elif not self._is_waiting:
            self._is_waiting, self._waiting_since = True, self._loop.time()
            self.postpone(TURN_SECONDS)
            self.lower.pause_reading()
            self._handshakes.add(self._shake_hands)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self._tls or not self._is_open:
            return
        left = memoryview(data)
        try:
            while left:
                left = left[self._tls.write(left) :]
        except ssl.SSLError as error:
            self._fail(_problem(error))
            return
        self._flush()

    def pause_reading(self) -> None:
        self._is_held = True
        super().pause_reading()

    def resume_reading(self) -> None:
        self._is_held = False
        if not self._is_waiting:
            super().resume_reading()

    def write_eof(self) -> None:
        self._end()
        self.lower.write_eof()

    def close(self) -> None:
        self._end()
        super().close()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """The verified certificate of the client, as `ssl` decodes it, besides the facts of the socket."""
        if name == CLIENT_CERTIFICATE:
            return self._tls.getpeercert() if self._tls and self._is_open else None
        return super().get_extra_info(name, default)

    def _shake_hands(self) -> None:
        self._is_waiting = False
        self.postpone(self._loop.time() - self._waiting_since - TURN_SECONDS)
        if self._has_ended or self.is_closing():
            return
        if not self._is_held:
            self.lower.resume_reading()
        if not self._tls:
            self._tls = self._context.wrap_bio(self._received, self._outgoing, server_side=True)
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self._flush()
            return
        except ssl.SSLError as error:
            self._fail(_problem(error))
            return
        self._is_open = True
        self._read()

    def _read(self) -> None:
        """Pass on what has arrived."""
        try:
            while self._tls and self._is_open:
                buffer = self.get_buffer(-1)
                count: int = self._tls.read(len(buffer), buffer)  # type: ignore[assignment]
                if not count:
                    # The client ends TLS.
                    self.close()
                    return
                self._upper.buffer_updated(count)
        except ssl.SSLWantReadError:
            self._flush()
        except ssl.SSLError as error:
            self._fail(_problem(error))

    def _flush(self) -> None:
        if self._outgoing.pending:
            self.lower.write(self._outgoing.read())

    def _end(self) -> None:
        """Announce the end of what is written. A handshake that is not complete ends as well."""
        was_open, self._is_open, self._has_ended = self._is_open, False, True
        if self._tls and was_open:
            # The client has not announced its end.
            with contextlib.suppress(ssl.SSLError):
                self._tls.unwrap()
            self._flush()

    def _fail(self, problem: str) -> None:
        self._is_open, self._has_ended = False, True
        self._flush()
        self.reject(problem)


def _problem(error: ssl.SSLError) -> str:
    return f"TLS: {error.reason or error}"
