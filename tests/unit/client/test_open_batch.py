"""The batch that rows and columns are added to: its values, its size, and what fits into it."""

from enum import IntEnum
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotflow.batches import columns_of, decode_batch
from iotflow.open_batch import OpenBatch, cells, column_part, field_of, is_int64
from iotflow.v1.telemetry_pb2 import Column, TelemetryBatch

VALUES = st.dictionaries(
    st.sampled_from("abcd"), st.one_of(st.floats(allow_nan=False), st.none()), min_size=1, max_size=4
)


def kinds(values: dict[str, Any]) -> dict[str, str]:
    return {name: kind for name, (kind, _) in cells(values).items()}


@given(st.lists(VALUES.filter(lambda row: any(value is not None for value in row.values())), min_size=1, max_size=50))
def test_a_batch_has_the_values_of_its_rows(rows: list[dict[str, float | None]]) -> None:
    batch = OpenBatch()
    for time, row in enumerate(rows):
        batch.add_row(time, 0, cells(row))
    times, columns = decode_batch(batch.encoded())
    assert times.tolist() == list(range(len(rows)))
    names = {name for row in rows for name, value in row.items() if value is not None}
    assert {name: column.tolist() for name, column in columns.items()} == {
        name: [row.get(name) for row in rows] for name in names
    }


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (1.5, "doubles"),
        (np.float32(1.5), "floats"),
        (7, "int64s"),
        (np.int32(7), "int32s"),
        (np.uint8(7), "int32s"),
        (True, "bools"),
        (np.bool_(True), "bools"),
        ("x", "strings"),
    ],
)
def test_the_type_of_a_value_chooses_its_field(value: Any, kind: str) -> None:
    assert kinds({"a": value}) == {"a": kind}


def test_none_and_nan_are_no_values() -> None:
    assert not cells({"a": None, "b": float("nan"), "c": np.float32("nan")})


@pytest.mark.parametrize("value", [b"x", [1.0], 1j, np.datetime64("2026-01-01")])
def test_other_types_are_rejected_by_name(value: Any) -> None:
    with pytest.raises(ValueError, match="The value of a has the"):
        cells({"a": value})


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, "\ud800"])
def test_values_that_no_batch_can_hold_are_rejected_by_name(value: Any) -> None:
    with pytest.raises(ValueError, match="The value of a "):
        cells({"a": value})


def test_a_value_of_another_type_does_not_fit() -> None:
    batch = OpenBatch()
    batch.add_row(1, 0, cells({"a": 1.5}))
    assert batch.accepts(0, cells({"a": 2.5, "b": 1}))
    assert not batch.accepts(0, cells({"a": 2}))


def test_rows_of_many_devices_share_a_batch_and_the_key_s_own_do_not() -> None:
    batch = OpenBatch()
    batch.add_row(1, 5, cells({"a": 1.5}))
    assert batch.accepts(6, cells({"a": 1.5}))
    assert not batch.accepts(0, cells({"a": 1.5}))
    batch.add_row(2, 6, cells({"a": 2.5}))
    assert batch.encoded().device_ids == [5, 6]


def test_rows_of_one_device_name_it_once() -> None:
    batch = OpenBatch()
    for time in (1, 2):
        batch.add_row(time, 5, cells({"a": 1.5}))
    assert (batch.encoded().device_id, list(batch.encoded().device_ids)) == (5, [])


def test_columns_follow_rows_in_a_batch() -> None:
    batch = OpenBatch()
    batch.add_row(1, 0, cells({"a": 1.5}))
    batch.add_columns(columns_of([2, 3], {"a": [2.5, None], "b": [1, 2]}, 0))
    batch.add_row(4, 0, cells({"b": 9}))
    _, columns = decode_batch(batch.encoded())
    assert columns["a"].tolist() == [1.5, 2.5, None, None]
    assert columns["b"].tolist() == [None, 1, 2, 9]


class Level(IntEnum):
    HIGH = 3


class Celsius(float):
    pass


@pytest.mark.parametrize(
    ("value", "cell", "size"),
    [
        (1.5, ("doubles", 1.5), 8),
        (0.0, ("doubles", 0.0), 8),
        (Celsius(1.5), ("doubles", 1.5), 8),
        (np.float64(1.5), ("doubles", 1.5), 8),
        (np.float16(1.5), ("doubles", 1.5), 8),
        (np.float32(1.5), ("floats", 1.5), 4),
        (7, ("int64s", 7), 10),
        (0, ("int64s", 0), 10),
        (Level.HIGH, ("int64s", 3), 10),
        (np.int64(7), ("int64s", 7), 10),
        (np.int8(7), ("int32s", 7), 10),
        (True, ("bools", True), 1),
        (False, ("bools", False), 1),
        ("", ("strings", ""), 2),
        ("über", ("strings", "über"), 7),
        (np.str_("abc"), ("strings", "abc"), 5),
    ],
    ids=repr,
)
def test_a_cell_has_a_value_of_the_language_and_its_row_counts_it(value: Any, cell: tuple[str, Any], size: int) -> None:
    row = cells({"name": value})
    assert row == {"name": cell}
    assert type(row["name"][1]) is type(cell[1])
    batch = OpenBatch()
    for rows in (1, 2, 3):
        batch.add_row(rows, 0, row)
        # The column and its name count once, each row and its time with its values.
        assert batch.bytes == len("name") + 16 + rows * (8 + size)


def test_a_row_counts_all_its_values() -> None:
    batch = OpenBatch()
    batch.add_row(1, 0, cells({"a": 1.5, "bc": True}))
    assert batch.bytes == (1 + 16) + (2 + 16) + 8 + 8 + 1
    batch.add_row(2, 0, cells({"bc": True}))
    assert batch.bytes == (1 + 16) + (2 + 16) + 8 + 8 + 1 + 8 + 1


COLUMNS: dict[str, Any] = {
    "doubles": [1.5, None],
    "floats": np.array([1.5, np.nan], np.float32),
    "int64s": [2**40, None],
    "int32s": np.ma.masked_array([7, 8], [False, True], dtype=np.int32),
    "bools": [True, None],
    "strings": ["über", None],
}


@pytest.mark.parametrize(
    ("kind", "sizes"),
    [
        ("doubles", [16, 16]),
        ("floats", [12, 12]),
        ("int64s", [18, 18]),
        ("int32s", [18, 18]),
        ("bools", [9, 9]),
        ("strings", [15, 10]),
    ],
)
def test_rows_of_columns_have_the_sizes_of_rows(kind: str, sizes: list[int]) -> None:
    part = columns_of([1, 2], {"name": COLUMNS[kind]}, 0)
    assert part.sizes.tolist() == sizes
    batch = OpenBatch()
    batch.add_columns(part)
    assert batch.bytes == len("name") + 16 + sum(sizes)
    batch.add_columns(part)
    assert batch.bytes == len("name") + 16 + 2 * sum(sizes)


def test_sizes_of_columns_add_up() -> None:
    assert columns_of([1, 2], COLUMNS, 0).sizes.tolist() == [8 + 8 + 4 + 10 + 10 + 1 + 7, 8 + 8 + 4 + 10 + 10 + 1 + 2]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("doubles", [0.0, 1.5, 0.0]),
        ("floats", [0.0, 1.5, 0.0]),
        ("int64s", [0, 2**40, 0]),
        ("int32s", [0, 7, 0]),
        ("bools", [False, True, False]),
        ("strings", ["", "über", ""]),
    ],
)
def test_rows_without_a_value_have_a_placeholder_and_no_bit(kind: str, values: list[Any]) -> None:
    batch = OpenBatch()
    batch.add_row(5, 0, cells({"other": 1.5}))
    batch.add_columns(columns_of([6, 7], {"name": COLUMNS[kind]}, 0))
    assert batch.encoded() == TelemetryBatch(
        timestamps=[5, 6, 7],
        columns=[
            Column(measurement="other", doubles=[1.5, 0.0, 0.0], validity=b"\x01"),
            Column(measurement="name", validity=b"\x02", **{kind: values}),
        ],
    )


def test_the_bit_of_each_row_is_at_its_place() -> None:
    batch = OpenBatch()
    for row in range(20):
        batch.add_row(row, 0, cells({"even" if row % 2 == 0 else "odd": float(row), "all": row}))
    even, every, odd = batch.encoded().columns
    assert (even.measurement, even.validity) == ("even", b"\x55\x55\x05")
    assert (odd.measurement, odd.validity) == ("odd", b"\xaa\xaa\x0a")
    assert (every.measurement, every.validity, list(every.int64s)) == ("all", b"", list(range(20)))


@pytest.mark.parametrize(
    ("before", "devices", "device_id", "device_ids"),
    [
        ([], [0], 0, []),
        ([], [5], 5, []),
        ([5], [5, 5], 5, []),
        ([], [5, 6], 0, [5, 6]),
        ([5], [5, 6], 0, [5, 5, 6]),
        ([6], [5, 5], 0, [6, 5, 5]),
    ],
)
def test_rows_and_columns_have_their_devices(
    before: list[int], devices: list[int], device_id: int, device_ids: list[int]
) -> None:
    batch = OpenBatch()
    for device in before:
        batch.add_row(1, device, cells({"a": 1.5}))
    for device in devices:
        batch.add_columns(columns_of([2], {"a": [2.5]}, device))
    assert batch.rows == len(before) + len(devices)
    assert (batch.encoded().device_id, list(batch.encoded().device_ids)) == (device_id, device_ids)


def test_columns_of_a_device_name_it_for_each_row() -> None:
    batch = OpenBatch()
    batch.add_columns(columns_of([1, 2], {"a": [1.5, 2.5]}, 5))
    batch.add_columns(columns_of([1, 2, 3], {"a": [1.5, 2.5, 3.5]}, 6))
    assert list(batch.encoded().device_ids) == [5, 5, 6, 6, 6]


@pytest.mark.parametrize(("first", "second"), [(0, 5), (5, 0), (0, -5), (-5, 0)])
def test_the_keys_own_device_and_others_do_not_share_a_batch(first: int, second: int) -> None:
    batch = OpenBatch()
    assert all(batch.accepts(device, cells({"a": 1.5})) for device in (first, second))
    batch.add_row(1, first, cells({"a": 1.5}))
    assert batch.accepts(first, cells({"a": 1.5}))
    assert not batch.accepts(second, cells({"a": 1.5}))


@pytest.mark.parametrize(("first", "second"), [(1.5, 2), (2, 1.5), ("x", True), (True, "x"), (np.float32(1), 1.5)])
def test_each_measurement_keeps_its_type(first: Any, second: Any) -> None:
    batch = OpenBatch()
    batch.add_row(1, 0, cells({"a": first, "b": 1}))
    assert batch.accepts(0, cells({"b": 2, "a": first, "new": second}))
    assert not batch.accepts(0, cells({"b": 2, "a": second}))
    assert not batch.accepts(0, cells({"a": second, "b": 2}))
    assert not batch.accepts(0, columns_of([2], {"a": np.array([second])}, 0).columns)


def test_rows_without_a_known_time_are_noted() -> None:
    batch = OpenBatch()
    for row, is_monotonic in enumerate((False, True, False, True)):
        batch.add_row(10 + row, 0, cells({"a": 1.5}), is_monotonic=is_monotonic)
    assert (batch.times, batch.monotonic_rows, batch.rows) == ([10, 11, 12, 13], [1, 3], 4)


def test_a_part_of_columns_has_its_rows_and_the_columns_with_values_in_them() -> None:
    whole = columns_of(
        [1, 2, 3, 4], {"a": [1.5, 2.5, 3.5, 4.5], "b": [None, None, 7, None], "c": ["x", None, "yz", None]}, 5
    )
    part = whole.rows(1, 3)
    assert (part.device_id, part.times.tolist(), part.sizes.tolist()) == (5, [2, 3], whole.sizes.tolist()[1:3])
    assert {name: (kind, values.tolist()) for name, (kind, values, _) in part.columns.items()} == {
        "a": ("doubles", [2.5, 3.5]),
        "b": ("int64s", [0, 7]),
        "c": ("strings", ["", "yz"]),
    }
    valid = {name: None if bits is None else bits.tolist() for name, (_, _, bits) in part.columns.items()}
    assert valid == {"a": None, "b": [False, True], "c": [False, True]}
    assert list(whole.rows(0, 2).columns) == ["a", "c"]


def test_columns_without_rows_of_text_have_the_size_of_times() -> None:
    assert column_part(0, np.array([1, 2]), {}).sizes.tolist() == [8, 8]


@pytest.mark.parametrize("number", [-(2**63), -(2**63) + 1, 0, 2**63 - 1])
def test_integers_of_64_bits_are_values(number: int) -> None:
    assert is_int64(number)
    assert cells({"a": number}) == {"a": ("int64s", number)}


@pytest.mark.parametrize("number", [-(2**63) - 1, 2**63])
def test_integers_of_more_bits_are_not(number: int) -> None:
    assert not is_int64(number)
    with pytest.raises(ValueError, match="The value of a does not fit into 64 bits"):
        cells({"a": number})


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (b"x", "The value of a has the type bytes, which"),
        (np.uint64(1), "The value of a has the dtype uint64, which"),
        ("\ud800", "The value of a has characters that UTF-8 cannot encode"),
    ],
)
def test_the_error_of_a_value_states_the_cause(value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        cells({"a": value})


@pytest.mark.parametrize(
    ("dtype", "kind"),
    [
        (np.int8, "int32s"),
        (np.int16, "int32s"),
        (np.int32, "int32s"),
        (np.uint8, "int32s"),
        (np.uint16, "int32s"),
        (np.uint32, "int64s"),
        (np.int64, "int64s"),
        (np.uint64, None),
        (np.float16, "doubles"),
        (np.float32, "floats"),
        (np.float64, "doubles"),
        (np.bool_, "bools"),
        ("U3", "strings"),
        ("S3", None),
        (np.complex64, None),
        (object, None),
        ("datetime64[ms]", None),
        ("timedelta64[ms]", None),
    ],
    ids=str,
)
def test_the_dtype_chooses_the_field(dtype: Any, kind: str | None) -> None:
    assert field_of(np.dtype(dtype)) == kind
