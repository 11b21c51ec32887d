"""The small files of a queue's folder: up to where it is acknowledged, and whose batches it has."""

import os
import re
import struct
import zlib
from pathlib import Path

from iotflow.contract import LARGEST_DEVICE_ID
from iotflow.private_files import open_private, sync_folder

_NUMBER = struct.Struct("<Q")
_CHECK = struct.Struct("<I")
_DEVICE = re.compile(rb"([0-9]{1,10})\n")
# More than either file has: a larger one is damaged.
_MOST_BYTES = 64


def acknowledged(folder: Path) -> int:
    """The sequence up to which everything is settled; 0 where the file is missing or damaged. Raises OSError."""
    data = _content(folder / "acknowledged")
    if len(data) != _NUMBER.size + _CHECK.size or zlib.crc32(data[:8]) != _CHECK.unpack_from(data, 8)[0]:
        return 0
    sequence: int = _NUMBER.unpack_from(data)[0]
    return sequence


def store_acknowledged(folder: Path, sequence: int) -> None:
    """Replace the sequence. It is not synchronized: what is sent again is harmless. Raises OSError."""
    number = _NUMBER.pack(sequence)
    _replace(folder / "acknowledged", number + _CHECK.pack(zlib.crc32(number)), is_durable=False)


def device(folder: Path) -> int | None:
    """The id of the device whose batches the folder has; None where the file is missing or damaged. Raises OSError."""
    form = _DEVICE.fullmatch(_content(folder / "device"))
    return int(form[1]) if form and 0 < int(form[1]) <= LARGEST_DEVICE_ID else None


def store_device(folder: Path, device_id: int) -> None:
    """Replace the id, durably. Raises OSError."""
    _replace(folder / "device", b"%d\n" % device_id, is_durable=True)


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES)
    except FileNotFoundError:
        return b""


def _replace(path: Path, content: bytes, *, is_durable: bool) -> None:
    new = path.with_name(f"{path.name}.new")
    with open(open_private(new, os.O_WRONLY | os.O_TRUNC), "wb") as file:
        file.write(content)
        if is_durable:
            file.flush()
            os.fsync(file.fileno())
    new.replace(path)
    if is_durable:
        sync_folder(path.parent)
