"""Whether a port can be had."""

import errno
import socket
from collections.abc import Sequence
from dataclasses import dataclass

from iotflow_cli.console import UsageError


def port(text: str) -> int:
    """A port number, as argparse wants it: ValueError where it is none."""
    number = int(text)
    if not 1 <= number <= 65535:
        raise ValueError(text)
    return number


@dataclass(frozen=True)
class Listening:
    """What listens at an address, and the option that chooses its port."""

    name: str
    host: str
    port: int
    option: str


def check_distinct(listening: Sequence[Listening]) -> None:
    """Refuse two that have the same port, naming the option that chooses another for the second."""
    first: dict[int, Listening] = {}
    for one in listening:
        if (other := first.setdefault(one.port, one)) is not one:
            raise UsageError(
                f"{other.name} and {one.name} cannot both have port {one.port}: choose another with {one.option}."
            )


def check_free(host: str, port: int, option: str) -> None:
    """Refuse, naming the option that chooses another port, where this one cannot be listened on."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # Connections of a run that has just ended linger, and are in nobody's way.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise UsageError(_sentence(host, port, option, error)) from None


def _sentence(host: str, port: int, option: str, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} on {host} is taken by another program. Stop that, or choose another port: {option} {port + 1}"
        )
    return f"Port {port} on {host} cannot be used ({error.strerror}). Choose another: {option} <port>"
