"""Every format returns the stored readings unchanged."""

import csv
import io
import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from iotflow_server.rpc.codec import batch_encoding
from iotflow_server.telemetry.batch import Batch, Column, ValueType
from iotflow_server.telemetry.export import FORMATS, Columns, Export
from iotflow_server.telemetry.export.columns import common_type
from iotflow_server.telemetry.export.export import PIECE_BYTES
from iotflow_server.telemetry.export.formats import PARQUET_GROUP_BYTES, time_texts
from iotflow_server.telemetry.times import FIRST_TIME, LAST_TIME
from tests.unit.exporting.tables import Filled, Row, columns_of, device, expected, pieces, read_back, types_of

DOUBLE, FLOAT, INT64, INT32, BOOLEAN, TEXT = ValueType
# Any text that devices may send: no NUL.
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20) | st.sampled_from(
    ["", " ", '"', '""', "a,b", "a\nb", "\r\n", "\\", "null", "NaN", "'", "\u2028", "é🎈", "\x01", "\x7f", "=1+1"]
)
VALUES: dict[ValueType, st.SearchStrategy[Any]] = {
    DOUBLE: st.floats(allow_nan=False, allow_infinity=False),
    FLOAT: st.floats(width=32, allow_nan=False, allow_infinity=False),
    INT64: st.integers(-(2**63), 2**63 - 1) | st.integers(2**53 - 2, 2**53 + 2) | st.integers(-9, 9),
    INT32: st.integers(-(2**31), 2**31 - 1),
    BOOLEAN: st.booleans(),
    TEXT: TEXTS,
}
NAMES = st.sampled_from(["a", "b", "ü.ß-1", "device_id", "device_name", "timestamp", "item", "A"])


@st.composite
def batches(draw: st.DrawFn) -> Batch:
    rows = draw(st.integers(1, 6))
    times = draw(st.lists(st.integers(FIRST_TIME, LAST_TIME), min_size=rows, max_size=rows, unique=True))
    names = draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))
    return Batch(1, np.array(sorted(times), np.int64), tuple(draw(columns(name, rows)) for name in names))


@st.composite
def columns(draw: st.DrawFn, name: str, rows: int) -> Column:
    type_ = draw(st.sampled_from(ValueType))
    values = np.array(draw(st.lists(VALUES[type_], min_size=rows, max_size=rows)), type_.dtype)
    valid = draw(st.none() | st.binary(min_size=rows, max_size=rows))
    return Column(name, type_, values, None if valid is None else np.frombuffer(valid, np.uint8) % 2 == 1)


FILLED = st.lists(st.tuples(TEXTS, batches()), max_size=4).map(
    lambda pairs: [(device(number, name), batch) for number, (name, batch) in enumerate(pairs, 1)]
)


# One test: most of its time goes into making the readings.
@given(FILLED)
def test_what_is_written_is_read_back_in_every_format(filled: Filled) -> None:
    schema = Columns(types_of(filled)).schema
    for name in FORMATS:
        content = b"".join(pieces(name, filled))
        assert (name, read_back(name, content, schema)) == (name, expected(name, filled))
        if name == "csv":
            assert_python_reads_it_too(content, schema.names, expected(name, filled))


def assert_python_reads_it_too(content: bytes, names: list[str], rows: list[Row]) -> None:
    header, *lines = csv.reader(io.StringIO(content.decode(), newline=""))
    assert header == names
    for line, row in zip(lines, rows, strict=True):
        shown = dict(zip(names, line, strict=True))
        for name, value in row.items():
            if isinstance(value, str):
                assert shown[name] == value


@given(st.lists(st.integers(FIRST_TIME, LAST_TIME), min_size=1))
def test_times_are_written_in_the_common_form(times: list[int]) -> None:
    held = np.array(times, np.int64)
    found = time_texts(pa.array(held).cast(pa.timestamp("ms", "UTC")))
    assert found.to_pylist() == batch_encoding.time_texts(held)


@pytest.mark.parametrize(
    ("types", "settled"),
    [
        ((INT32, INT64), INT64),
        ((INT32, FLOAT), DOUBLE),
        ((INT32, DOUBLE), DOUBLE),
        ((FLOAT, DOUBLE), DOUBLE),
        ((INT64, DOUBLE), TEXT),
        ((INT64, FLOAT), TEXT),
        ((BOOLEAN, INT32), TEXT),
        ((BOOLEAN, DOUBLE), TEXT),
        ((DOUBLE, TEXT), TEXT),
        ((BOOLEAN, TEXT), TEXT),
        *(((type_, type_), type_) for type_ in ValueType),
    ],
)
def test_different_types_of_devices_are_widened_without_loss(
    types: tuple[ValueType, ValueType], settled: ValueType
) -> None:
    assert common_type(*types) is common_type(*reversed(types)) is settled


@pytest.mark.parametrize("name", FORMATS)
def test_an_export_without_rows_is_a_valid_file(name: str) -> None:
    columns = Columns({"t": DOUBLE})
    content = b"".join(Export(FORMATS[name], columns).finish())
    assert read_back(name, content, columns.schema) == []
    assert name != "csv" or content == b'"device_id","device_name","timestamp","t"\n'


@pytest.mark.parametrize("name", FORMATS)
def test_fields_have_the_requested_order(name: str) -> None:
    batch = Batch(1, np.array([0]), columns_of({"a": (INT32, [1]), "b": (INT32, [2]), "c": (INT32, [3])}))
    content = b"".join(pieces(name, [(device(1), batch)], ["c", "a", "nothing"]))
    schema = Columns({"a": INT32, "b": INT32, "c": INT32}, ["c", "a", "nothing"]).schema
    (row,) = read_back(name, content, schema)
    assert list(row) == ["device_id", "device_name", "timestamp", "c", "a"]
    assert (row["c"], row["a"]) == (3, 1)


@pytest.mark.parametrize("name", FORMATS)
def test_measurements_stored_after_the_columns_were_determined_are_left_out_if_they_do_not_fit(name: str) -> None:
    late = Batch(2, np.array([0]), columns_of({"a": (TEXT, ["x"]), "b": (INT32, [1]), "new": (INT32, [2])}))
    columns = Columns({"a": DOUBLE, "b": DOUBLE})
    export = Export(FORMATS[name], columns)
    content = b"".join(export.add(device(2, "late"), late) + export.finish())
    (row,) = read_back(name, content, columns.schema)
    assert {key: row.get(key) for key in ("device_name", "a", "b", "new")} == {
        "device_name": "late",
        "a": None,
        "b": 1,
        "new": None,
    }


@pytest.mark.parametrize("name", FORMATS)
def test_long_texts_are_divided_into_bounded_pieces(name: str) -> None:
    random = np.random.default_rng(1)
    texts = [random.bytes(32_000).hex() for _ in range(400)]
    batch = Batch(1, np.arange(400), columns_of({"t": (TEXT, texts)}))
    found = pieces(name, [(device(1), batch)])
    assert {len(piece) for piece in found[:-1]} == {PIECE_BYTES}
    assert len(found[-1]) <= PIECE_BYTES
    assert [row["t"] for row in read_back(name, b"".join(found), Columns({"t": TEXT}).schema)] == texts


def test_row_groups_are_bounded_and_hold_many_devices() -> None:
    values = np.random.default_rng(1).random(10_000)
    filled = [(device(n), Batch(n, np.arange(10_000), (Column("t", DOUBLE, values),))) for n in range(1, 131)]
    metadata = parquet.ParquetFile(io.BytesIO(b"".join(pieces("parquet", filled)))).metadata
    sizes = [metadata.row_group(n).total_byte_size for n in range(metadata.num_row_groups)]
    assert len(sizes) == 5
    assert max(sizes) < PARQUET_GROUP_BYTES


def test_very_wide_tables_are_written_few_rows_at_a_time() -> None:
    names = {f"m{n}": INT32 for n in range(20_000)}
    export = Export(FORMATS["ndjson"], Columns(names))
    batch = Batch(1, np.arange(101), columns_of({"m7": (INT32, list(range(101)))}))
    lines = b"".join(export.add(device(1), batch) + export.finish()).decode().splitlines()
    assert [json.loads(line)["m7"] for line in lines] == list(range(101))
