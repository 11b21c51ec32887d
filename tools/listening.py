"""The addresses on which processes listen, from Linux's /proc."""

import contextlib
import os
import socket
import struct
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

_LISTENING = "0A"


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
        with contextlib.suppress(FileNotFoundError):
            target = os.readlink(file)
            if target.startswith("socket:["):
                yield target[len("socket:[") : -1]


def _address(text: str) -> IPv4Address | IPv6Address:
    """Parse the kernel's 32-bit words, each in the byte order of the machine."""
    words = (int(text[at : at + 8], 16) for at in range(0, len(text), 8))
    packed = b"".join(struct.pack("=I", word) for word in words)
    return IPv4Address(packed) if len(packed) == 4 else IPv6Address(socket.inet_ntop(socket.AF_INET6, packed))
