"""Readings of many devices as columns and data frames."""

import sys
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas
import polars
import pytest

from iotflow.batches import encode_batch
from iotflow.columns import Columns, DeviceColumns

T0 = 1_700_000_000_000


def columns(*batches: tuple[int, dict[str, Any]]) -> Columns:
    return Columns(
        [
            DeviceColumns.of(encode_batch(range(T0, T0 + len(next(iter(given.values())))), given, device_id=device))
            for device, given in batches
        ]
    )


MIXED = (
    (1, {"level": [1.5, None], "count": [1, 2], "open": [True, None], "text": ["a", None]}),
    (2, {"level": [3.5, 4.5], "count": [None, 4]}),
)


def test_devices_follow_each_other() -> None:
    found = columns(*MIXED)
    assert found.device_ids.tolist() == [1, 1, 2, 2]
    assert found.times.tolist() == [T0, T0 + 1] * 2
    assert {name: column.tolist() for name, column in found.columns.items()} == {
        "level": [1.5, None, 3.5, 4.5],
        "count": [1, 2, None, 4],
        "open": [True, None, None, None],
        "text": ["a", None, None, None],
    }


@pytest.mark.parametrize(
    ("first", "second", "dtype"),
    [
        (np.array([1], np.int32), np.array([2], np.int64), np.int64),
        (np.array([1], np.int32), np.array([2.5]), np.float64),
        (np.array([2.5]), np.array(["x"]), object),
        (np.array([True]), np.array([1]), object),
    ],
)
def test_measurements_of_different_types_get_one_that_holds_both(first: Any, second: Any, dtype: Any) -> None:
    found = columns((1, {"a": first}), (2, {"a": second})).columns["a"]
    assert found.dtype == dtype
    assert found.tolist() == [first[0], second[0]]


def test_no_readings_are_empty_columns() -> None:
    assert len(Columns([])) == 0
    assert list(Columns([]).to_pandas().columns) == ["device_id", "timestamp"]


def test_pandas_keeps_types_and_missing_values() -> None:
    frame = columns(*MIXED).to_pandas()
    assert frame["timestamp"][0] == pandas.Timestamp(T0, unit="ms", tz="UTC")
    assert {name: str(dtype) for name, dtype in frame.dtypes.items() if name in ("level", "count", "open")} == {
        "level": "float64",
        "count": "Int64",
        "open": "boolean",
    }
    assert frame["level"].isna().tolist() == [False, True, False, False]
    assert frame["count"].isna().tolist() == [False, False, True, False]
    assert frame["text"].isna().tolist() == [False, True, True, True]


def test_arrow_keeps_types_and_missing_values() -> None:
    table = columns(*MIXED).to_arrow()
    assert table.to_pydict()["count"] == [1, 2, None, 4]
    assert table.to_pydict()["text"] == ["a", None, None, None]
    assert [str(field.type) for field in table.schema][:3] == ["int32", "timestamp[ms, tz=UTC]", "double"]


def test_polars_keeps_types_and_missing_values() -> None:
    frame = columns(*MIXED).to_polars()
    assert dict(frame.schema) == {
        "device_id": polars.Int32(),
        "timestamp": polars.Datetime("ms", "UTC"),
        "level": polars.Float64(),
        "count": polars.Int64(),
        "open": polars.Boolean(),
        "text": polars.String(),
    }
    first, second = (datetime.fromtimestamp((T0 + number) / 1_000, UTC) for number in (0, 1))
    assert frame.rows() == [
        (1, first, 1.5, 1, True, "a"),
        (1, second, None, 2, None, None),
        (2, first, 3.5, None, None, None),
        (2, second, 4.5, 4, None, None),
    ]


def test_polars_keeps_columns_without_missing_values() -> None:
    given: dict[str, Any] = {
        "doubles": [1.5, 2.5],
        "floats": np.array([1.5, 2.5], np.float32),
        "int64s": [2**40, 2],
        "int32s": np.array([1, 2], np.int32),
        "bools": [True, False],
        "strings": ["a", "ü"],
    }
    frame = columns((1, given)).to_polars()
    assert list(frame.schema.values())[2:] == [
        polars.Float64(),
        polars.Float32(),
        polars.Int64(),
        polars.Int32(),
        polars.Boolean(),
        polars.String(),
    ]
    assert {name: frame[name].to_list() for name in given} == {name: list(values) for name, values in given.items()}


def test_no_readings_are_a_frame_without_rows() -> None:
    assert Columns([]).to_polars().schema.names() == ["device_id", "timestamp"]
    assert Columns([]).to_arrow().column_names == ["device_id", "timestamp"]


@pytest.mark.parametrize(
    ("module", "method", "extra"),
    [("pandas", "to_pandas", "pandas"), ("pyarrow", "to_arrow", "arrow"), ("polars", "to_polars", "polars")],
)
def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch, module: str, method: str, extra: str) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=rf"pip install 'iotflow-client\[{extra}\]'"):
        getattr(columns(*MIXED), method)()


def test_rows_have_the_values_that_are_there() -> None:
    part = DeviceColumns.of(encode_batch([T0, T0 + 1], {"a": [1.5, None], "b": ["x", "y"]}))
    assert list(part.rows()) == [(T0, {"a": 1.5, "b": "x"}), (T0 + 1, {"b": "y"})]
