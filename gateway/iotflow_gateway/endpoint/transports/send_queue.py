"""The bytes of a socket that the other end has not acknowledged."""

import fcntl
import struct
import termios
from typing import Any

_COUNT = struct.Struct("i")


def bytes_on_the_way(socket: Any) -> int:
    """The number of bytes; 0 without a socket. socket: of asyncio's transport."""
    if socket is None:
        return 0
    found: int = _COUNT.unpack(fcntl.ioctl(socket.fileno(), termios.TIOCOUTQ, bytes(_COUNT.size)))[0]
    return found
