"""Ports of the loopback for servers under test that cannot choose one themselves.

They are below those that the system gives to connections, and no two processes that ask here get the same: between the choice
and the server's start nothing else can take them.
"""

import fcntl
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_FIRST, _BLOCK = 20_000, 200
_FOLDER = Path(tempfile.gettempdir()) / f"iotflow-ports-{os.getuid()}"


def reserved_port() -> int:
    """A port that nobody listens on; this process's until it ends."""
    return next(port for port in _ports if _is_free(port))


def _own_ports() -> Iterator[int]:
    """Block after block, each claimed before the first of its ports is given out."""
    _FOLDER.mkdir(mode=0o700, exist_ok=True)
    end = min(int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0]), 32_768)
    for first in range(_FIRST, end - _BLOCK, _BLOCK):
        if _claim(_FOLDER / str(first)):
            # Every other one: `iotflow up` takes the port after MQTT's for clients without a login.
            yield from range(first, first + _BLOCK, 2)
    raise RuntimeError(f"all ports from {_FIRST} to {end} are reserved by other processes")


def _claim(file: Path) -> bool:
    # Open until the process ends; the lock goes with it.
    lock = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with suppress(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    os.close(lock)
    return False


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # Connections of a server that has just ended linger, and are in nobody's way.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return True
    return False


_ports = _own_ports()
