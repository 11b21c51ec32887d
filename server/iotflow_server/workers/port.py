"""The port that the workers share and nobody else may have."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from iotflow_server.process import CannotStart


class PortTaken(CannotStart):
    """The address cannot be listened on."""

    def __init__(self, address: str) -> None:
        super().__init__(f"cannot listen on {address}: is another server there? Set IOTFLOW_GRPC_PORT")


@contextmanager
def held(host: str, port: int) -> Iterator[int]:
    """Hold the port, or any free one for 0, so that only processes of this user may listen on it that set SO_REUSEPORT;
    another server finds it taken. Raises PortTaken."""
    with socket.socket(_family(host)) as holder:
        try:
            _hold(holder, host.strip("[]"), port)
        except OSError:
            raise PortTaken(f"{host}:{port}") from None
        yield holder.getsockname()[1]


def _family(host: str) -> int:
    try:
        return socket.getaddrinfo(host.strip("[]"), None, type=socket.SOCK_STREAM)[0][0]
    except OSError:
        raise CannotStart(f"there is no address {host}; set IOTFLOW_GRPC_HOST") from None


def _hold(holder: socket.socket, host: str, port: int) -> None:
    if not port:
        _hold_any(holder, host)
        return
    _bind(holder, host, port)
    # Refused where another server listens, or holds the port like this.
    holder.listen()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    # Takes no connection itself, and keeps the port.
    holder.shutdown(socket.SHUT_RDWR)


def _hold_any(holder: socket.socket, host: str) -> None:
    """Of a port that it was not asked for by its number, a socket that is shut down lets go."""
    with socket.socket(holder.family) as choosing:
        _bind(choosing, host, 0)
        _hold(holder, host, choosing.getsockname()[1])


def _bind(bound: socket.socket, host: str, port: int) -> None:
    # Connections of a run that has just ended linger, and are in nobody's way.
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((host, port))
