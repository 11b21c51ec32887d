"""Whether the other end of a connection has what was written to its socket."""

import fcntl
import struct
import termios
from typing import Any

_COUNT = struct.Struct("i")


def is_acknowledged(socket: Any) -> bool:
    """Whether the system at the other end has acknowledged all bytes; also without a socket. socket: of asyncio's transport."""
    if socket is None:
        return True
    try:
        waiting: int = _COUNT.unpack(fcntl.ioctl(socket.fileno(), termios.TIOCOUTQ, bytes(_COUNT.size)))[0]
    except (OSError, ValueError):
        # It is closed.
        return False
    return not waiting
