"""The numbers of a journal's records of which the backend refused something, and the sender knows it."""

import os
from pathlib import Path

import numpy as np

_FILE = "told"


def acknowledge_rejections(folder: Path, number: int) -> None:
    """Note a record. Not forced to the disk: the worst that a crash of the machine does is to have it told again."""
    file = os.open(folder / _FILE, os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        os.write(file, number.to_bytes(8, "little"))
    finally:
        os.close(file)


def acknowledged_rejections(folder: Path) -> set[int]:
    """Those that were noted."""
    try:
        data = (folder / _FILE).read_bytes()
    except FileNotFoundError:
        return set()
    return set(np.frombuffer(data[: len(data) // 8 * 8], "<u8").tolist())


def forget(folder: Path) -> None:
    """There are no records any more."""
    (folder / _FILE).unlink(missing_ok=True)
