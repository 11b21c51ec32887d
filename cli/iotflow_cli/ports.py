"""Checks of the ports before a start."""

import errno
import socket
from collections.abc import Sequence
from dataclasses import dataclass

from iotflow_cli.console import UsageError


@dataclass(frozen=True)
class Listener:
    """A service at an address, and the option that sets its port."""

    name: str
    host: str
    port: int
    option: str


def check_distinct(listeners: Sequence[Listener]) -> None:
    """Raise UsageError where two have the same port."""
    first: dict[int, Listener] = {}
    for one in listeners:
        if (other := first.setdefault(one.port, one)) is not one:
            raise UsageError(
                f"{other.name} and {one.name} cannot both have port {one.port}: choose another with {one.option}."
            )


def check_free(host: str, port: int, option: str) -> None:
    """Raise UsageError where the port cannot be bound."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # Closed connections of a previous run may linger on the port and do not occupy it.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise UsageError(_message(host, port, option, error)) from None


def _message(host: str, port: int, option: str, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken by another program. Stop that program, or choose another port: {option} {port + 1}"
    return f"Port {port} on {host} cannot be used ({error.strerror}). Choose another port: {option} PORT"
