"""Columns of whole numbers as few bytes."""

import zlib

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]


def packed(*columns: Numbers, rest: bytes = b"") -> bytes:
    """The columns, of equal length, and other bytes after them."""
    count = len(columns[0])
    parts = [_shuffled(np.diff(column, prepend=np.int64(0))) for column in columns]
    # The lowest level is several times faster than the next, and the columns repeat themselves anyway.
    return count.to_bytes(4, "little") + zlib.compress(b"".join([*parts, rest]), 1)


def unpacked(payload: bytes, columns: int) -> tuple[list[Numbers], bytes]:
    """The columns, and the bytes after them. Raises ValueError."""
    count = int.from_bytes(payload[:4], "little")
    try:
        content = zlib.decompress(payload[4:])
    except zlib.error as error:
        raise ValueError(str(error)) from None
    size = count * 8
    if len(content) < size * columns:
        raise ValueError("columns are missing")
    found = [np.cumsum(_unshuffled(content[size * at : size * (at + 1)])) for at in range(columns)]
    return found, content[size * columns :]


def _shuffled(values: Numbers) -> bytes:
    """All first bytes, then all second bytes, and so on: most of the higher ones are zero."""
    return values.astype("<i8").view(np.uint8).reshape(-1, 8).T.tobytes()


def _unshuffled(content: bytes) -> Numbers:
    shuffled = np.frombuffer(content, np.uint8).reshape(8, -1)
    return np.ascontiguousarray(shuffled.T).reshape(-1).view("<i8").astype(np.int64)
