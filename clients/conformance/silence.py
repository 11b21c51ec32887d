"""A port that answers nothing, as behind a firewall that drops packets: not even a connection is made or refused."""

import socket
from collections.abc import Callable

# A connection to a port that takes some is made at once on this machine.
_NONE_SECONDS = 0.3


def open_port(address: str, port: int) -> Callable[[], None]:
    """Let the port answer nothing until the returned function is called."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family)
    listener.bind((address, port))
    # The system ignores attempts to connect to a listener that has connections enough.
    listener.listen(0)
    sockets = [listener]
    while _connects(sockets, address, port):
        pass

    def close() -> None:
        for each in sockets:
            each.close()

    return close


def _connects(sockets: list[socket.socket], address: str, port: int) -> bool:
    attempt = socket.socket(sockets[0].family)
    attempt.settimeout(_NONE_SECONDS)
    sockets.append(attempt)
    try:
        attempt.connect((address, port))
    except TimeoutError:
        return False
    return True
