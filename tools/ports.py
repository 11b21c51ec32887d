"""Ports of this machine: reserved for servers under test, and those on which processes listen.

Reserved ones are for servers that cannot choose one themselves. They are below those that the system gives to connections, and no
two processes that ask here get the same: between the choice and the server's start nothing else can take them.
"""

import fcntl
import os
import socket
import struct
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

_FIRST, _BLOCK = 20_000, 200
_FOLDER = Path(tempfile.gettempdir()) / f"iotflow-ports-{os.getuid()}"

# A state in /proc/net/tcp.
_LISTENING = "0A"


def reserved_port() -> int:
    """A free port, reserved for this process until it ends."""
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
        # Lingering connections of a server that has just ended do not prevent it.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return True
    return False


_ports = _own_ports()


def beyond_loopback(pids: Iterable[int]) -> list[str]:
    """Addresses on which these processes accept TCP connections from other machines, as address:port."""
    return [
        f"{address}:{port}"
        for pid in pids
        for address, port in _listening(pid)
        if not (getattr(address, "ipv4_mapped", None) or address).is_loopback
    ]


def _listening(pid: int) -> Iterator[tuple[IPv4Address | IPv6Address, int]]:
    ours = set(_sockets(pid))
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            (
                _,
                local,
                _,
                state,
                *_,
            ) = fields = line.split()
            if state == _LISTENING and fields[9] in ours:
                address, _, port = local.partition(":")
                yield _address(address), int(port, 16)


def _sockets(pid: int) -> Iterator[str]:
    """The inodes of a process's sockets."""
    for file in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            target = os.readlink(file)
            if target.startswith("socket:["):
                yield target[len("socket:[") : -1]


def _address(text: str) -> IPv4Address | IPv6Address:
    """Parse the kernel's 32-bit words, each in the byte order of the machine."""
    words = (int(text[at : at + 8], 16) for at in range(0, len(text), 8))
    packed = b"".join(struct.pack("=I", word) for word in words)
    return IPv4Address(packed) if len(packed) == 4 else IPv6Address(socket.inet_ntop(socket.AF_INET6, packed))
