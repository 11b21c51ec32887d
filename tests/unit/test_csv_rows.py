"""Recordings as people have them."""

from pathlib import Path

import numpy as np
import pytest

from iotflow_simulators.csv_layout import measurement_names, time_column
from iotflow_simulators.csv_rows import Chunk, chunks, inspect
from iotflow_simulators.csv_times import parse_time
from iotflow_simulators.errors import SimulationFailed

MIDNIGHT = 1_372_896_000_000


def recorded(folder: Path, text: str) -> Path:
    path = folder / "recording.csv"
    path.write_bytes(text.encode())
    return path


def read(path: Path, rows: int = 1_000) -> list[Chunk]:
    return list(chunks(inspect(path), rows))


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2013-07-04T00:00:00Z", MIDNIGHT),
        ("2013-07-04T02:00:00+02:00", MIDNIGHT),
        ("2013-07-04 00:00:00", MIDNIGHT),
        ("2013-07-04T00:00:00", MIDNIGHT),
        ("2013-07-04", MIDNIGHT),
        ("2013-07-04T00:00:00.1239999Z", MIDNIGHT + 123),
        ("1372896000", MIDNIGHT),
        ("1372896000.25", MIDNIGHT + 250),
        ("1372896000001", MIDNIGHT + 1),
        ("0", 0),
        ("-1", -1_000),
        ("-0.0001", -1),
        ("1969-12-31T23:59:59.9999Z", -1),
    ],
)
def test_times(text: str, time: int) -> None:
    assert parse_time(text) == time


@pytest.mark.parametrize("text", ["", "noon", "2013-13-01", "1e9", "2013-07-04T25:00:00", "999999999999999", "1_000"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match="."):
        parse_time(text)


@pytest.mark.parametrize(
    ("header", "index"),
    [
        (["a", "Timestamp"], 1),
        (["a", " DATE "], 1),
        (["x", "datetime", "time"], 1),
        (["a", "b"], 0),
        (["times", "b"], 0),
    ],
)
def test_the_column_of_times(header: list[str], index: int) -> None:
    assert time_column(header) == index


def test_names_become_storable_and_stay_different() -> None:
    titles = ["temp (°C)", "temp (_C)", "-x", ".y", "", "timestamp", "größe", "a.b-c", "x" * 200, "x" * 300]
    names = ["temp___C_", "temp___C__2", "_x", "_y", "_", "timestamp_", "größe", "a.b-c", "x" * 128, "x" * 124 + "_2"]
    assert measurement_names(titles) == names


def test_numbers_text_and_empty_cells(tmp_path: Path) -> None:
    path = recorded(
        tmp_path,
        '\ufeffTime,count,mixed,"note, long",none\r\n'
        '2013-07-04 00:00:00,1,1,"a ""quoted""\nline",\r\n'
        "\r\n"
        "2013-07-04 00:00:01, 2.5 ,1_0,,\r\n"
        "2013-07-04 00:00:02,,,ü,\r\n",
    )
    [chunk] = read(path)
    assert chunk.times.tolist() == [MIDNIGHT, MIDNIGHT + 1_000, MIDNIGHT + 2_000]
    np.testing.assert_array_equal(chunk.columns["count"], [1.0, 2.5, np.nan])
    assert chunk.columns["mixed"].tolist() == ["1", "1_0", None]
    assert chunk.columns["note__long"].tolist() == ['a "quoted"\nline', None, "ü"]
    assert np.isnan(chunk.columns["none"]).all()


def test_a_cell_late_in_the_file_makes_its_column_text_from_the_start(tmp_path: Path) -> None:
    rows = [f"{second},{second}" for second in range(2_500)]
    path = recorded(tmp_path, "\n".join(["time,value", *rows, "2500,broken"]))
    read_back = read(path)
    assert [len(chunk.times) for chunk in read_back] == [1_000, 1_000, 501]
    assert read_back[0].columns["value"][0] == "0"
    assert read_back[2].columns["value"].tolist()[-2:] == ["2499", "broken"]


def test_rows_without_any_value_are_left_out(tmp_path: Path) -> None:
    [chunk] = read(recorded(tmp_path, "time,a,b\n1,,\n2,,x\n3,5,\n4,,\n"))
    assert chunk.filled().times.tolist() == [2_000, 3_000]
    assert chunk.filled().columns["b"].tolist() == ["x", None]


@pytest.mark.parametrize(("times", "in_order"), [("123", True), ("122", False), ("132", False)])
def test_order(tmp_path: Path, times: str, in_order: bool) -> None:
    path = recorded(tmp_path, "time,a\n" + "".join(f"{time},1\n" for time in times))
    assert inspect(path).in_order == in_order


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "a header with a column of times and at least one of values"),
        ("time\n1\n", "a header with a column of times and at least one of values"),
        ("time,a\n", "no row below the header"),
        ("time,a\n1,2\nnoon,3\n", "line 3: 'noon' is not a time"),
        ("time,a\n1,2\n\n2,3,4\n", "line 4: 3 cells where the header has 2"),
        ('time,a\n1,"open\n', "line 2"),
    ],
)
def test_complaints_name_the_file_and_the_line(tmp_path: Path, text: str, complaint: str) -> None:
    path = recorded(tmp_path, text)
    with pytest.raises(SimulationFailed, match=complaint) as raised:
        inspect(path)
    assert str(path) in str(raised.value)


def test_what_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "recording.csv"
    path.write_bytes(b"time,a\n1,2\n2,\xff\n")
    with pytest.raises(SimulationFailed, match="line .: this is not UTF-8"):
        inspect(path)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(SimulationFailed, match="No such file"):
        inspect(tmp_path / "none.csv")
