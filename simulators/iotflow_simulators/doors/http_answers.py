"""Answers of HTTP/1.1 on a connection that is kept."""

from typing import NamedTuple

# Bytes of an answer with its head.
LARGEST = 16 * 1024 * 1024


class MalformedAnswer(ValueError):
    """The peer sent bytes that are no answer of HTTP/1.1."""


class Answer(NamedTuple):
    """headers: names in lower case. closes: whether the peer ends the connection."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes

    @property
    def closes(self) -> bool:
        """Whether the connection cannot be used again."""
        return self.headers.get(b"connection", b"").lower() == b"close"


class AnswerReader:
    """The next answer of a stream of bytes. One request is on its way at a time, so that answers do not follow each other."""

    def __init__(self) -> None:
        self._data = b""

    def feed(self, data: bytes) -> Answer | None:
        """The answer, where it is complete. Raises MalformedAnswer."""
        self._data += data
        if len(self._data) > LARGEST:
            raise MalformedAnswer(f"an answer of more than {LARGEST} bytes")
        head, separator, rest = self._data.partition(b"\r\n\r\n")
        if not separator:
            return None
        status, headers = _head(head)
        if headers.get(b"transfer-encoding", b"").lower() == b"chunked":
            body = _chunks(rest)
        else:
            length = _size(headers.get(b"content-length", b"0"), 10)
            body = rest[:length] if len(rest) >= length else None
        if body is None:
            return None
        self._data = b""
        return Answer(status, headers, body)


def _head(head: bytes) -> tuple[int, dict[bytes, bytes]]:
    first, *lines = head.split(b"\r\n")
    version, _, rest = first.partition(b" ")
    if version != b"HTTP/1.1" or not rest[:3].isdigit():
        raise MalformedAnswer(f"the answer begins with {first[:40]!r}")
    pairs = (line.partition(b":") for line in lines)
    return int(rest[:3]), {name.lower(): value.strip() for name, _, value in pairs}


def _chunks(rest: bytes) -> bytes | None:
    """The body of chunks; None where it is incomplete."""
    body, at = b"", 0
    while True:
        end = rest.find(b"\r\n", at)
        if end < 0:
            return None
        size = _size(rest[at:end], 16)
        at = end + 2 + size + 2
        if len(rest) < at:
            return None
        if not size:
            return body
        body += rest[end + 2 : at - 2]


def _size(digits: bytes, base: int) -> int:
    """A number of bytes."""
    try:
        size = int(digits, base)
    except ValueError:
        size = -1
    if not 0 <= size <= LARGEST:
        raise MalformedAnswer(f"a length of {digits[:40]!r}; at most {LARGEST} bytes are accepted")
    return size
