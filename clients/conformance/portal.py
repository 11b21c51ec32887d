"""A web server in place of the service, such as a captive portal: every call gets a page with an HTTP status."""

import asyncio
from contextlib import suppress

_CHUNK_BYTES = 16 * 1024
# Without the end of the client's bytes, the connection is closed all the same.
_END_SECONDS = 2.0
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_PAGE = b"<html>Please log in.</html>"
_FRAME_HEADER = 9
_HEADERS, _SETTINGS, _GOAWAY = 1, 4, 7
_ACKNOWLEDGED = 1
_END_STREAM, _END_HEADERS = 1, 4


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, status: int) -> None:
    """Answer the first request of a connection, in HTTP/2 or else in HTTP/1.1, and end the connection in order."""
    with suppress(OSError, asyncio.IncompleteReadError):
        first = await reader.read(_CHUNK_BYTES)
        if first.startswith(_PREFACE[:3]):
            await _answer_http2(first, reader, writer, status)
        else:
            writer.write(_http1(status))
        await _end(reader, writer)


def _http1(status: int) -> bytes:
    head = f"HTTP/1.1 {status} Portal\r\ncontent-type: text/html\r\ncontent-length: {len(_PAGE)}\r\nconnection: close\r\n\r\n"
    return head.encode() + _PAGE


async def _answer_http2(first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, status: int) -> None:
    # Some clients wait for the settings before they make a call.
    writer.write(_frame(_SETTINGS, 0, 0))
    frames = _Frames(first, reader)
    await frames.exactly(len(_PREFACE))
    stream = await _first_request(frames, writer)
    # Without a body: some libraries of gRPC read it as a message, and tell that it is none in place of the status.
    writer.write(_frame(_HEADERS, _END_STREAM | _END_HEADERS, stream, _head(status)))
    writer.write(_frame(_GOAWAY, 0, 0, stream.to_bytes(4, "big") + bytes(4)))


async def _first_request(frames: "_Frames", writer: asyncio.StreamWriter) -> int:
    """The stream of the first request."""
    while True:
        head = await frames.exactly(_FRAME_HEADER)
        await frames.exactly(int.from_bytes(head[:3], "big"))
        kind, flags, stream = head[3], head[4], int.from_bytes(head[5:], "big")
        if kind == _HEADERS:
            return stream
        if kind == _SETTINGS and not flags & _ACKNOWLEDGED:
            writer.write(_frame(_SETTINGS, _ACKNOWLEDGED, 0))


def _head(status: int) -> bytes:
    """HPACK without a table of its own: `:status` and `content-type` by their static names."""
    page = b"text/html"
    return b"\x08\x03%d\x0f\x10%c%b" % (status, len(page), page)


def _frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


class _Frames:
    """Bytes of a connection of which the first ones were read already."""

    def __init__(self, first: bytes, reader: asyncio.StreamReader) -> None:
        self._rest = first
        self._reader = reader

    async def exactly(self, count: int) -> bytes:
        """The next bytes. Raises asyncio.IncompleteReadError."""
        missing = count - len(self._rest)
        if missing > 0:
            self._rest += await self._reader.readexactly(missing)
        taken, self._rest = self._rest[:count], self._rest[count:]
        return taken


async def _end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read until the client ends: closing with unread bytes resets the connection, and the client may lose the answer."""
    await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()
    with suppress(TimeoutError):
        async with asyncio.timeout(_END_SECONDS):
            while await reader.read(_CHUNK_BYTES):
                pass
    writer.close()
