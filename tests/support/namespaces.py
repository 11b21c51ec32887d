"""A network of this machine and a network namespace, which is removed after the test."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# From a range reserved for documentation.
HERE, THERE = "198.51.100.1", "198.51.100.2"
CONNECT = """
import socket, sys
with socket.socket() as probe:
    probe.settimeout(5)
    sys.exit(probe.connect_ex((sys.argv[1], int(sys.argv[2]))) != 0)
"""


class Neighbour:
    """Another machine in a network in which this machine has the address HERE."""

    def __init__(self, pid: int) -> None:
        self._pid = pid

    def reaches(self, port: int) -> bool:
        """Whether it can connect to this port of this machine."""
        inside = ["nsenter", "--net", f"--target={self._pid}", sys.executable, "-c", CONNECT, HERE, str(port)]
        return subprocess.run(inside, check=False).returncode == 0


@contextmanager
def neighbour() -> Iterator[Neighbour | None]:
    """A neighbour; None if this machine cannot create a namespace, which requires root and Linux."""
    holder = ["unshare", "--net", "sh", "-c", "ip link set lo up && echo made && exec cat"]
    try:
        process = subprocess.Popen(holder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    except FileNotFoundError:
        yield None
        return
    with process:
        assert process.stdin
        assert process.stdout
        try:
            made = process.stdout.readline() == b"made\n" and _connect(process.pid)
            yield Neighbour(process.pid) if made else None
        finally:
            process.stdin.close()


def _connect(pid: int) -> bool:
    """Connect the two by a virtual cable, which is removed with the namespace."""
    ours, theirs = f"test{pid}", "eth0"
    inside = ["nsenter", "--net", f"--target={pid}", "ip"]
    commands = [
        ["ip", "link", "add", ours, "type", "veth", "peer", "name", theirs, "netns", str(pid)],
        ["ip", "address", "add", f"{HERE}/30", "dev", ours],
        ["ip", "link", "set", ours, "up"],
        [*inside, "address", "add", f"{THERE}/30", "dev", theirs],
        [*inside, "link", "set", theirs, "up"],
    ]
    return all(subprocess.run(command, check=False).returncode == 0 for command in commands)
