"""MQTT 3.1.1 at the level of bytes, for packets that no client library sends."""

import asyncio
import contextlib
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE = 20.0
USERNAME, PASSWORD, WILL, CLEAN = 0x80, 0x40, 0x04, 0x02
CONNECT, PUBLISH, SUBSCRIBE, PINGREQ = 0x10, 0x30, 0x82, 0xC0


def text(content: str | bytes) -> bytes:
    """A string with its length before it."""
    content = content.encode() if isinstance(content, str) else content
    return len(content).to_bytes(2, "big") + content


def size(number: int) -> bytes:
    """The remaining length of a fixed header."""
    digits = b""
    while True:
        number, digit = divmod(number, 128)
        digits += bytes([digit | (0x80 if number else 0)])
        if not number:
            return digits


def packet(first: int, body: bytes = b"") -> bytes:
    """first: type and flags."""
    return bytes([first]) + size(len(body)) + body


def connect(
    username: str = "",
    password: str = "",
    *,
    client_id: str = "",
    will: tuple[str, bytes] | None = None,
    keepalive: int = 0,
    clean: bool = True,
) -> bytes:
    """A CONNECT. keepalive: seconds."""
    flags = (CLEAN if clean else 0) | (WILL if will else 0) | (USERNAME | PASSWORD if username else 0)
    body = text("MQTT") + bytes([4, flags]) + keepalive.to_bytes(2, "big") + text(client_id)
    if will:
        body += text(will[0]) + text(will[1])
    if username:
        body += text(username) + text(password)
    return packet(CONNECT, body)


def publish(topic: str | bytes, payload: bytes = b"", flags: int = 0, packet_id: int | None = None) -> bytes:
    """A PUBLISH. packet_id: for a QoS above 0."""
    number = b"" if packet_id is None else packet_id.to_bytes(2, "big")
    return packet(PUBLISH | flags, text(topic) + number + payload)


def subscribe(*filters: str, packet_id: int = 1, qos: int = 1) -> bytes:
    """A SUBSCRIBE to each of the filters."""
    return packet(SUBSCRIBE, packet_id.to_bytes(2, "big") + b"".join(text(one) + bytes([qos]) for one in filters))


async def read_packet(reader: asyncio.StreamReader) -> bytes:
    """The body of a packet of fewer than 128 bytes."""
    _, size = await reader.readexactly(2)
    return await reader.readexactly(size)


@contextmanager
def line(port: int) -> Iterator[socket.socket]:
    """An open TCP connection to the broker."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
        yield connection


@contextmanager
def connected(port: int, *login: str, **more: object) -> Iterator[socket.socket]:
    """A connection that the broker has accepted. more: arguments of `connect`."""
    with line(port) as connection:
        connection.sendall(connect(*login, **more))  # type: ignore[arg-type]
        assert connection.recv(4)[:2] == b"\x20\x02"
        yield connection


def is_closed(connection: socket.socket, within: float = PATIENCE) -> bool:
    """Whether the peer closes the connection, whatever it sends before."""
    deadline = time.monotonic() + within
    with contextlib.suppress(ConnectionError):
        while (left := deadline - time.monotonic()) > 0:
            connection.settimeout(left)
            try:
                if not connection.recv(4096):
                    return True
            except TimeoutError:
                return False
        return False
    return True
