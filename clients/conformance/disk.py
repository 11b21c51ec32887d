"""A file system of a few mebibytes, which a test can fill."""

import os
import subprocess
from contextlib import suppress
from pathlib import Path


def is_possible() -> bool:
    """Whether this process may mount file systems."""
    return os.geteuid() == 0


def mount(folder: Path, mebibytes: int) -> None:
    """Make a file system in a new folder."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "iotflow-conformance", str(folder)]
    subprocess.run(command, check=True, timeout=30)


def unmount(folder: Path) -> None:
    """Remove it, whatever has files of it open."""
    subprocess.run(["umount", "--lazy", str(folder)], check=True, timeout=30)


def fill(ballast: Path) -> None:
    """Write into a file until nothing more fits."""
    with suppress(OSError), ballast.open("ab", buffering=0) as file:
        while True:
            file.write(bytes(4096))
