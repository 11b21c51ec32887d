"""The part of HTTP/2 that one gRPC stream needs, because client and server share the processors.

A library needs more processor time. Measured with h2 4.4 on the same streams: 2.8 times the client's processor time for each
batch of 100 × 5 values or single reading (about what grpc.aio takes), 1.6 times for a batch of 1,000 × 10. For small batches the
difference is a tenth of what client, server and IoTDB use together, so the measured rate would be the library's.

A connection has one stream. Messages and answers are bytes.
"""

import asyncio
import struct
from collections import deque
from collections.abc import Callable, Iterable

Metadata = Iterable[tuple[str, str]]

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RESET, _SETTINGS, _PING, _GOAWAY, _WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
_ACK, _END_STREAM, _END_HEADERS = 1, 1, 4
_INITIAL_WINDOW_SIZE = 4
_STREAM = 1
_WINDOW, _LARGEST_WINDOW = 65_535, 2**31 - 1
_LARGEST_FRAME = 16_384
_FRAME_HEAD, _MESSAGE_HEAD = 9, 5


class Stream(asyncio.Protocol):
    """The client's side of a bidirectional stream. answered: called with the bytes of each answer. ended: done when the
    server has ended the call."""

    def __init__(self, authority: str, method: str, metadata: Metadata, answered: Callable[[bytes], None]) -> None:
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._opening = _opening(authority, method, metadata)
        self._answered = answered
        self._waiting: deque[memoryview] = deque()
        self._windows = {0: _WINDOW, _STREAM: _WINDOW}
        self._initial_window = _WINDOW
        self._socket_takes = True
        self._went = asyncio.Event()
        self._received = bytearray()
        self._answers = bytearray()

    async def send(self, messages: bytes) -> None:
        """Send one or more messages, each as `framed`; returns when all bytes are sent."""
        self._waiting.append(memoryview(messages))
        self._push()
        while self._waiting:
            assert not self.ended.done(), "the server ended the stream"
            self._went.clear()
            await self._went.wait()

    def finish(self) -> None:
        """End the requests of the stream."""
        self._transport.write(_frame(_DATA, _END_STREAM, _STREAM, b""))

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._opening)

    def connection_lost(self, _exc: Exception | None) -> None:
        self._end()

    def pause_writing(self) -> None:
        self._socket_takes = False

    def resume_writing(self) -> None:
        self._socket_takes = True
        self._push()

    def data_received(self, data: bytes) -> None:
        received = self._received
        received += data
        while len(received) >= _FRAME_HEAD:
            end = _FRAME_HEAD + int.from_bytes(received[:3])
            if len(received) < end:
                break
            kind, flags, stream = received[3], received[4], int.from_bytes(received[5:9])
            payload = bytes(received[_FRAME_HEAD:end])
            del received[:end]
            self._take(kind, flags, stream, payload)
        self._push()

    def _take(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if kind == _DATA:
            self._take_answers(payload)
        elif kind == _WINDOW_UPDATE:
            self._windows[stream] += int.from_bytes(payload)
        elif kind == _SETTINGS and not flags & _ACK:
            self._take_settings(payload)
        elif kind == _PING and not flags & _ACK:
            self._transport.write(_frame(_PING, _ACK, 0, payload))
        if kind in (_RESET, _GOAWAY) or (kind in (_DATA, _HEADERS) and flags & _END_STREAM):
            self._end()

    def _take_answers(self, payload: bytes) -> None:
        answers = self._answers
        answers += payload
        while len(answers) >= _MESSAGE_HEAD:
            end = _MESSAGE_HEAD + int.from_bytes(answers[1:5])
            if len(answers) < end:
                return
            answer = bytes(answers[_MESSAGE_HEAD:end])
            del answers[:end]
            self._answered(answer)

    def _take_settings(self, payload: bytes) -> None:
        for name, value in struct.iter_unpack(">HI", payload):
            if name == _INITIAL_WINDOW_SIZE:
                self._windows[_STREAM] += value - self._initial_window
                self._initial_window = value
        self._transport.write(_frame(_SETTINGS, _ACK, 0, b""))

    def _push(self) -> None:
        """Send as much as the server's windows and the socket allow."""
        parts: list[bytes | memoryview] = []
        while self._waiting and self._socket_takes:
            room = min(_LARGEST_FRAME, *self._windows.values())
            if room <= 0:
                break
            first = self._waiting.popleft()
            part, rest = first[:room], first[room:]
            parts += (_frame_head(len(part), _DATA, 0, _STREAM), part)
            for stream in self._windows:
                self._windows[stream] -= len(part)
            if rest:
                self._waiting.appendleft(rest)
        if parts:
            self._transport.write(b"".join(parts))
        if not self._waiting:
            self._went.set()

    def _end(self) -> None:
        if not self.ended.done():
            self.ended.set_result(None)
        self._went.set()


def framed(*parts: bytes) -> bytes:
    """The bytes of a gRPC message, whose content is given in parts."""
    return b"".join((b"\0", sum(map(len, parts)).to_bytes(4), *parts))


def _opening(authority: str, method: str, metadata: Metadata) -> bytes:
    fields = [(":method", "POST"), (":scheme", "http"), (":path", method), (":authority", authority)]
    fields += [("te", "trailers"), ("content-type", "application/grpc"), *metadata]
    settings = struct.pack(">HI", _INITIAL_WINDOW_SIZE, _LARGEST_WINDOW)
    return b"".join((
        _PREFACE,
        _frame(_SETTINGS, 0, 0, settings),
        # Answers are short and never fill this window.
        _frame(_WINDOW_UPDATE, 0, 0, (_LARGEST_WINDOW - _WINDOW).to_bytes(4)),
        _frame(_HEADERS, _END_HEADERS, _STREAM, b"".join(_literal(*field) for field in fields)),
    ))  # fmt: skip


def _literal(name: str, value: str) -> bytes:
    """A header field in HPACK without compression; up to 126 characters each."""
    return b"".join((b"\0", len(name).to_bytes(), name.encode(), len(value).to_bytes(), value.encode()))


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return _frame_head(len(payload), kind, flags, stream) + payload


def _frame_head(length: int, kind: int, flags: int, stream: int) -> bytes:
    return length.to_bytes(3) + bytes((kind, flags)) + stream.to_bytes(4)
