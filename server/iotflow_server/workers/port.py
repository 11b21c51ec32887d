"""The port that the workers share, reserved against other programs."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from iotflow_server.process import CannotStart


class PortTaken(CannotStart):
    """The server cannot listen on the address."""

    def __init__(self, address: str) -> None:
        super().__init__(
            f"The server cannot listen on {address}. Stop the program that uses it, or set IOTFLOW_GRPC_PORT to another port."
        )


@contextmanager
def reserved_port(host: str, port: int) -> Iterator[int]:
    """Reserve the port (0: any free one) until the block is left. Raises PortTaken.

    Only processes of this user that set SO_REUSEPORT can then listen on it; for other servers it is taken.
    """
    with socket.socket(_family(host)) as reserving:
        try:
            _reserve(reserving, host.strip("[]"), port)
        except OSError:
            raise PortTaken(f"{host}:{port}") from None
        yield reserving.getsockname()[1]


def _family(host: str) -> int:
    try:
        return socket.getaddrinfo(host.strip("[]"), None, type=socket.SOCK_STREAM)[0][0]
    except OSError:
        raise CannotStart(
            f"The host {host} cannot be resolved. Set IOTFLOW_GRPC_HOST to an address of this machine."
        ) from None


def _reserve(reserving: socket.socket, host: str, port: int) -> None:
    if not port:
        _reserve_any(reserving, host)
        return
    _bind(reserving, host, port)
    # Fails where another server listens on the port or reserves it in this way.
    reserving.listen()
    reserving.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
    reserving.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    # Accepts no connection, and keeps the port.
    reserving.shutdown(socket.SHUT_RDWR)


def _reserve_any(reserving: socket.socket, host: str) -> None:
    """A socket that is shut down releases its port unless it was bound by number: choose a number first."""
    with socket.socket(reserving.family) as choosing:
        _bind(choosing, host, 0)
        _reserve(reserving, host, choosing.getsockname()[1])


def _bind(bound: socket.socket, host: str, port: int) -> None:
    # Closed connections of a previous run may linger on the port and do not occupy it.
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((host, port))
