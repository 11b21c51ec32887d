"""python -m clients.conformance.vectors.make: writes the vectors anew: batches.json and the folders in queue/."""

import json
import shutil
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from clients.conformance.ledger import FIRST_TIME, STEP, Rows
from clients.conformance.vectors.json_form import Json, batch_of
from iotflow.batches import encode_batch

FOLDER = Path(__file__).parent
_ROWS = 10
_TIME = str(FIRST_TIME)


def column(measurement: str, kind: str, *values: Any) -> Json:
    """A column in JSON form."""
    return {"measurement": measurement, "type": kind, "values": list(values)}


def form(*columns: Json, rows: int | None = None, **fields: Any) -> Json:
    """A batch in JSON form, a row in each second."""
    count = rows if rows is not None else len(columns[0]["values"]) if columns else 0
    times = [str(FIRST_TIME + STEP * row) for row in range(count)]
    defaults = {"sequence": "0", "device_id": 0, "device_ids": [], "timestamps": times, "atomic": False}
    return {**defaults, "columns": list(columns), **fields}


def batches() -> dict[str, Json]:
    """All batches, by name."""
    return {
        "one-double": form(column("level", "doubles", 21.5), sequence="1"),
        "all-types": form(
            column("double", "doubles", 0.1, -2.5, 1e300),
            column("float", "floats", 0.5, -2.5, 0.10000000149011612),
            column("int64", "int64s", "0", "-1", "9007199254740993"),
            column("int32", "int32s", 0, -1, 65536),
            column("bool", "bools", True, False, True),
            column("text", "strings", "open", "", "shut"),
        ),
        "extremes": form(
            column("double", "doubles", 1.7976931348623157e308, -1.7976931348623157e308, 5e-324),
            column("float", "floats", 3.4028234663852886e38, -3.4028234663852886e38, 1.401298464324817e-45),
            column("int64", "int64s", "9223372036854775807", "-9223372036854775808", "0"),
            column("int32", "int32s", 2147483647, -2147483648, 0),
            sequence="9223372036854775807",
            device_id=2147483647,
            timestamps=["9223372036854775807", "-9223372036854775808", "0"],
        ),
        "missing-values": form(
            column("first", "doubles", None, *range(1, 9)),
            column("last", "doubles", *range(8), None),
            column("bits", "int64s", "0", "1", "2", "3", "4", "5", "6", None, "8"),
            column("most", "bools", *[None] * 8, True),
            column("text", "strings", "", None, "", None, "x", "y", "z", None, ""),
        ),
        "eight-rows-fill-a-byte": form(column("level", "int32s", 1, None, 3, 4, 5, 6, 7, 8)),
        "all-present": form(column("level", "doubles", *range(17))),
        "texts": form(
            column(
                "text",
                "strings",
                "",
                " ",
                "grün",
                "日本語",
                "مرحبا",
                "e\u0301",
                "👩‍🚀",
                '"\\/\b\f\n\r\t',
                "\u2028",
                "x" * 1000,
            )
        ),
        "names": form(
            column("Füllstand °C", "doubles", 1.0), column("a.b-c_d", "doubles", 2.0), column("温度", "doubles", 3.0)
        ),
        "many-devices": form(
            column("level", "doubles", *range(300)),
            column("open", "bools", *(None if row % 3 else row % 2 == 0 for row in range(300))),
            device_ids=[1 + row % 7 if row else 2147483647 for row in range(300)],
        ),
        "equal-and-falling-times": form(column("level", "doubles", 1.0, 2.0, 3.0), timestamps=[_TIME, _TIME, "0"]),
        "atomic": form(column("level", "doubles", 1.0), atomic=True, device_id=7),
        "thousand-rows": form(column("level", "doubles", *(row / 7 for row in range(1000))), sequence="12"),
        "empty": form(),
    }


def other_encodings() -> dict[str, tuple[Json, bytes]]:
    """Batches in bytes that encoders seldom write, and that every decoder must take."""
    plain = form(column("level", "int32s", 1, -1, 300), timestamps=["1", "2", "300"])
    minus_one = b"\xff" * 9 + b"\x01"
    unpacked = b"\x0a\x05level" + b"\x30\x01" + b"\x30" + minus_one + b"\x30\xac\x02"
    split = b"\x0a\x05level" + b"\x32\x01\x01" + b"\x32\x0c" + minus_one + b"\xac\x02"
    return {
        "values-one-by-one": (plain, b"\x18\x01\x18\x02\x18\xac\x02" + _nested(4, unpacked)),
        "values-in-two-parts": (plain, b"\x1a\x01\x01" + b"\x1a\x03\x02\xac\x02" + _nested(4, split)),
        "columns-before-times": (plain, _nested(4, split) + b"\x1a\x04\x01\x02\xac\x02"),
        "field-of-a-later-version": (plain, b"\xfa\x3e\x03new" + b"\x1a\x04\x01\x02\xac\x02" + _nested(4, split)),
    }


def _nested(field: int, data: bytes) -> bytes:
    return bytes([field << 3 | 2, len(data)]) + data


def record(sequence: int) -> bytes:
    """The record of a queue's batch: ten rows of the measurement level."""
    rows = rows_of(sequence)
    batch = encode_batch(rows.times, {"level": rows.values})
    batch.sequence = sequence
    payload = batch.SerializeToString(deterministic=True)
    return struct.pack("<II", len(payload), zlib.crc32(payload)) + payload


def rows_of(sequence: int) -> Rows:
    """The rows of a queue's batch."""
    first = _ROWS * (sequence - 1)
    return Rows(FIRST_TIME + STEP * first, STEP, _ROWS, first, ("level",))


def segment(*sequences: int) -> dict[str, bytes]:
    """A segment with these batches."""
    return {f"{sequences[0]:020d}.batches": b"".join(map(record, sequences))}


def acknowledged(sequence: int) -> dict[str, bytes]:
    """The file `acknowledged`."""
    number = struct.pack("<Q", sequence)
    return {"acknowledged": number + struct.pack("<I", zlib.crc32(number))}


def damaged(files: dict[str, bytes], offset: int) -> dict[str, bytes]:
    """The one file with the bits of a byte turned; a negative offset counts from the end."""
    ((name, data),) = files.items()
    changed = bytearray(data)
    changed[offset] ^= 0xFF
    return {name: bytes(changed)}


def cut(files: dict[str, bytes], size: int) -> dict[str, bytes]:
    """The one file without its last bytes."""
    ((name, data),) = files.items()
    return {name: data[:-size]}


def with_zeros(files: dict[str, bytes]) -> dict[str, bytes]:
    """The one file with zeros at its end, as a file system leaves them in place of what was not synchronized."""
    ((name, data),) = files.items()
    return {name: data + bytes(100)}


def queues() -> dict[str, tuple[dict[str, bytes], Sequence[int], int, bool]]:
    """Folders by name: their files, the sequences that a writer sends, the next sequence, and whether it reports damage."""
    one, size = segment(1, 2, 3), len(record(1))
    two = {**segment(1, 2), **segment(3, 4)}
    return {
        "whole": (one, (1, 2, 3), 4, False),
        "two-segments": (two, (1, 2, 3, 4), 5, False),
        "partly-acknowledged": ({**one, **acknowledged(2)}, (3,), 4, False),
        "all-acknowledged": ({**one, **acknowledged(3)}, (), 4, False),
        "only-acknowledged": (acknowledged(41), (), 42, False),
        "acknowledged-damaged": ({**one, **damaged(acknowledged(2), 8)}, (1, 2, 3), 4, False),
        "acknowledged-cut": ({**one, **cut(acknowledged(2), 3)}, (1, 2, 3), 4, False),
        "acknowledged-half-renamed": ({**one, **acknowledged(1), "acknowledged.new": b"\x02"}, (2, 3), 4, False),
        "cut-in-payload": (cut(one, 5), (1, 2), 3, False),
        "cut-in-header": (cut(one, size - 4), (1, 2), 3, False),
        "last-record-damaged": (damaged(one, -1), (1, 2), 3, False),
        "length-damaged-at-the-end": (damaged(one, 2 * size + 3), (1, 2), 3, False),
        "zeros-at-the-end": (with_zeros(one), (1, 2, 3), 4, False),
        "last-record-damaged-before-zeros": (with_zeros(damaged(one, -1)), (1, 2), 3, False),
        "file-of-another-name": ({**one, "7.batches": record(7)}, (1, 2, 3), 4, False),
        "empty-segment": ({**segment(1, 2), f"{3:020d}.batches": b""}, (1, 2), 3, False),
        "middle-damaged": ({**damaged(segment(1, 2, 3), size + 20), **segment(4, 5)}, (1, 4, 5), 6, True),
        "beginning-damaged": ({**damaged(segment(1, 2), 9), **segment(3)}, (3,), 4, True),
        "sequences-from-ninety": ({**segment(90, 91), **acknowledged(90)}, (91,), 92, False),
    }


def write(folder: Path) -> None:
    """Write all vectors into a folder."""
    vectors = [
        {"name": name, "hex": batch_of(batch).SerializeToString(deterministic=True).hex(), "batch": batch}
        for name, batch in batches().items()
    ]
    vectors += [{"name": name, "hex": data.hex(), "batch": batch} for name, (batch, data) in other_encodings().items()]
    lines = ",\n".join(json.dumps(vector, ensure_ascii=False) for vector in vectors)
    (folder / "batches.json").write_text(f"[\n{lines}\n]\n")
    shutil.rmtree(folder / "queue", ignore_errors=True)
    for name, (files, sequences, next_sequence, is_damaged) in queues().items():
        queue = folder / "queue" / name
        queue.mkdir(parents=True)
        for file, data in files.items():
            (queue / file).write_bytes(data)
        expected = {"sequences": list(sequences), "next_sequence": next_sequence, "damaged": is_damaged}
        (queue / "expected.json").write_text(json.dumps(expected) + "\n")


if __name__ == "__main__":
    write(FOLDER)
