"""Encoding of arrivals as one blob: numpy buffers, little-endian, with a checksum in front."""

import sqlite3
import struct
import zlib

import numpy as np

from iotflow_server.telemetry.stores.sqlite.unmerged.arrivals import Arrivals

# checksum of the rest; number of readings, number of texts, bytes of the texts
_CHECKSUM = struct.Struct("<I")
_COUNTS = struct.Struct("<III")


def encode(arrivals: Arrivals) -> bytes:
    """Encode readings whose texts count from 0. Raises UnicodeError."""
    texts = "".join(arrivals.texts).encode()
    parts = (
        _COUNTS.pack(len(arrivals), len(arrivals.texts), len(texts)),
        arrivals.series.astype("<i8", copy=False).tobytes(),
        arrivals.times.astype("<i8", copy=False).tobytes(),
        arrivals.cells.astype("<i8", copy=False).tobytes(),
        arrivals.kinds.tobytes(),
        np.fromiter(map(len, arrivals.texts), "<u4", len(arrivals.texts)).tobytes(),
        texts,
    )
    content = b"".join(parts)
    return _CHECKSUM.pack(zlib.crc32(content)) + content


def decode(blob: bytes) -> Arrivals:
    """Decode the result of encode. Raises sqlite3.DatabaseError if the blob is damaged."""
    if len(blob) < _CHECKSUM.size or _CHECKSUM.unpack_from(blob) != (zlib.crc32(memoryview(blob)[_CHECKSUM.size :]),):
        raise _damage()
    readings, texts, text_bytes = _COUNTS.unpack_from(blob, _CHECKSUM.size)
    start = _CHECKSUM.size + _COUNTS.size
    numbers = np.frombuffer(blob, "<i8", 3 * readings, start).astype(np.int64).reshape(3, readings)
    start += numbers.nbytes
    kinds = np.frombuffer(blob, np.uint8, readings, start)
    ends = np.cumsum(np.frombuffer(blob, "<u4", texts, start + readings), dtype=np.int64).tolist()
    whole = blob[len(blob) - text_bytes :].decode()
    return Arrivals(
        numbers[0],
        numbers[1],
        kinds,
        numbers[2],
        [whole[first:end] for first, end in zip([0, *ends], ends, strict=False)],
    )


def _damage() -> sqlite3.DatabaseError:
    error = sqlite3.DatabaseError("a record of unmerged readings is damaged")
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error
