"""CSV recordings: formats that are detected, and ambiguous files that are rejected."""

import codecs
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from iotflow_simulators import SimulationError
from iotflow_simulators.recordings.chunk import Chunk
from iotflow_simulators.recordings.csv_cells import CellType
from iotflow_simulators.recordings.csv_file import DETECT, CsvOptions
from iotflow_simulators.recordings.csv_rows import Recording, chunks, description, inspect
from iotflow_simulators.recordings.csv_times import InvalidCell, TimeReader

MIDNIGHT = 1_372_896_000_000
BERLIN = ZoneInfo("Europe/Berlin")


def recorded(folder: Path, content: str | bytes) -> Path:
    path = folder / "recording.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read(path: Path, rows: int = 1_000, options: CsvOptions = DETECT) -> list[Chunk]:
    return list(chunks(inspect(path, options), rows))


def table(path: Path, options: CsvOptions = DETECT) -> dict[str, list[object]]:
    """The whole file: times under "", values by measurement, None where there is none."""
    [chunk] = read(path, options=options)
    columns = {
        name: [None if value != value else value for value in column.tolist()] for name, column in chunk.columns.items()
    }
    return {"": chunk.times.tolist(), **columns}


def kinds(recording: Recording) -> dict[str, CellType]:
    return {item.name: item.kind for item in recording.measurements}


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2013-07-04T00:00:00Z", MIDNIGHT),
        ("2013-07-04t00:00:00z", MIDNIGHT),
        ("2013-07-04T02:00:00+02:00", MIDNIGHT),
        ("2013-07-04 00:00:00", MIDNIGHT),
        ("2013-07-04T00:00:00", MIDNIGHT),
        ("2013-07-04", MIDNIGHT),
        ("20130704T000000Z", MIDNIGHT),
        ("2013-07-04T00:00:00.1239999Z", MIDNIGHT + 123),
        ("1372896000", MIDNIGHT),
        ("1372896000.25", MIDNIGHT + 250),
        ("1372896000001", MIDNIGHT + 1),
        ("1969-12-31T23:59:59.9999Z", -1),
    ],
)
def test_times_that_are_detected(text: str, time: int) -> None:
    assert TimeReader(DETECT).read(text) == time


@pytest.mark.parametrize(
    ("form", "text", "time"),
    [
        ("s", "5", 5_000),
        ("s", "-0.0001", -1),
        ("ms", "1372896000001", MIDNIGHT + 1),
        ("ms", "12", 12),
        ("us", "1372896000001999", MIDNIGHT + 1),
        ("ns", "1372896000001999999", MIDNIGHT + 1),
        ("%d.%m.%Y %H:%M", "04.07.2013 00:00", MIDNIGHT),
        ("%m/%d/%Y %I:%M:%S %p", "07/04/2013 12:00:00 AM", MIDNIGHT),
        ("%Y%m%d%H%M%S", "20130704000000", MIDNIGHT),
        ("%d.%m.%Y %H:%M %z", "04.07.2013 02:00 +0200", MIDNIGHT),
    ],
)
def test_times_in_a_given_format(form: str, text: str, time: int) -> None:
    assert TimeReader(CsvOptions(time_format=form)).read(text) == time


@pytest.mark.parametrize(
    "text",
    ["", "noon", "2013-13-01", "1e9", "2013-07-04T25:00:00", "now", "-24h", "04.07.2013 00:00", "07/04/2013", "12:30"],
)
def test_cells_that_are_no_time(text: str) -> None:
    with pytest.raises(InvalidCell, match="--time-format .*--time-column"):
        TimeReader(DETECT).read(text)


@pytest.mark.parametrize("digits", [1, 5, 8, 9, 11, 12, 14, 15, 16, 19])
def test_digits_that_fit_several_formats(digits: int) -> None:
    with pytest.raises(InvalidCell, match="--time-format s, ms, us, ns"):
        TimeReader(DETECT).read("1" * digits)


def test_times_in_the_hour_that_occurs_twice(tmp_path: Path) -> None:
    rows = ["2025-10-26 01:30:00", "2025-10-26 02:00:00", "2025-10-26 02:30:00"]
    rows += ["2025-10-26 02:00:00", "2025-10-26 02:30:00", "2025-10-26 03:00:00"]
    path = recorded(tmp_path, "time,v\n" + "".join(f"{row},1\n" for row in rows))
    recording = inspect(path, CsvOptions(timezone=BERLIN))
    half_hours = [time // 1_800_000 for chunk in chunks(recording, 2) for time in chunk.times.tolist()]
    assert np.diff(half_hours).tolist() == [1, 1, 1, 1, 1]
    assert recording.in_order
    assert recording.repeated_hour == 4
    assert any("4 times in the hour that occurs twice" in line for line in description(recording))


def test_times_that_a_zone_does_not_have(tmp_path: Path) -> None:
    path = recorded(tmp_path, "time,v\n2026-03-29 01:59:00,1\n2026-03-29 02:30:00,1\n")
    with pytest.raises(SimulationError, match="line 3: 2026-03-29 02:30:00 does not exist in Europe/Berlin"):
        inspect(path, CsvOptions(timezone=BERLIN))
    assert inspect(path).rows == 2


def test_an_offset_in_the_file_counts_more_than_the_zone(tmp_path: Path) -> None:
    path = recorded(tmp_path, "time,v\n2013-07-04T00:00:00Z,1\n2013-07-04 02:00:01,1\n")
    assert table(path, CsvOptions(timezone=BERLIN))[""] == [MIDNIGHT, MIDNIGHT + 1_000]


@pytest.mark.parametrize(
    ("content", "column"),
    [
        ("temperature,ts\n21.5,1372896000\n", "ts"),
        ("a, Timestamp \n1,2013-07-04\n", "Timestamp"),
        ("a,Date/Time (UTC)\n1,2013-07-04\n", "Date/Time (UTC)"),
        ("a,measured\n1,2013-07-04\n2,2013-07-05\n", "measured"),
        ("a,b,when\n1,1372896000,x\n", "b"),
        ("times,b\n2013-07-04,1\n", "times"),
    ],
)
def test_the_column_of_times(tmp_path: Path, content: str, column: str) -> None:
    recording = inspect(recorded(tmp_path, content))
    assert recording.layout.names[recording.layout.time_index] == column
    assert f"'{column}', detected by its" in "".join(description(recording))


@pytest.mark.parametrize("chosen", ["b", "2"])
def test_a_given_column_of_times(tmp_path: Path, chosen: str) -> None:
    path = recorded(tmp_path, "time,b\n21.5,1372896000\n")
    assert table(path, CsvOptions(time_column=chosen)) == {"": [MIDNIGHT], "time": [21.5]}


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("Date,Time,v\n2013-07-04,00:00:00,1\n", "'Date', 'Time' may all be the column of times.*--time-column"),
        ("a,b,c\n2013-07-04,2013-07-05,1\n", "'a', 'b' all hold times.*--time-column"),
        ("a,b\n1,2\n", "none of its columns 'a', 'b' was detected as the times.*--time-column.*--time-format"),
        ("time,a\n1,2\nnoon,3\n", "line 2: '1' fits several formats of time.*--time-format"),
        ("time,a\n2013-07-04,2\nnoon,3\n", "line 3: 'noon' is not a time.*--time-format"),
        ("20130704,1\n20130705,2\n", "was detected as the times.*--time-column"),
    ],
)
def test_ambiguous_times_are_rejected(tmp_path: Path, content: str, complaint: str) -> None:
    with pytest.raises(SimulationError, match=complaint):
        inspect(recorded(tmp_path, content))


def test_a_column_of_times_that_is_not_there(tmp_path: Path) -> None:
    for chosen in ("c", "3", "0", "²"):
        with pytest.raises(SimulationError, match="--time-column .* is none of 'time', 'b', nor a number"):
            inspect(recorded(tmp_path, "time,b\n2013-07-04,1\n"), CsvOptions(time_column=chosen))


def test_a_file_without_a_header(tmp_path: Path) -> None:
    path = recorded(tmp_path, "2013-07-04 00:00:00,21.5,ok\n2013-07-04 00:00:01,22.5,ok\n")
    expected = {"": [MIDNIGHT, MIDNIGHT + 1_000], "column2": [21.5, 22.5], "column3": ["ok", "ok"]}
    assert table(path) == expected
    assert "no header" in next(description(inspect(path)))
    assert table(recorded(tmp_path, "1.5,1372896000\n2.5,1372896001\n"))["column1"] == [1.5, 2.5]
    german = recorded(tmp_path, "04.07.2013;1\n05.07.2013;2\n")
    assert inspect(german, CsvOptions(time_format="%d.%m.%Y")).rows == 2


def test_a_header_of_numbers_beside_a_word(tmp_path: Path) -> None:
    assert table(recorded(tmp_path, "time,1,2\n2013-07-04,3,4\n")) == {"": [MIDNIGHT], "1": [3.0], "2": [4.0]}


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters(tmp_path: Path, delimiter: str) -> None:
    rows = (("time", "a b", "note"), ("2013-07-04", "1.5", "x"), ("2013-07-05", "", "y z"))
    path = recorded(tmp_path, "\n".join(delimiter.join(row) for row in rows))
    assert table(path) == {"": [MIDNIGHT, MIDNIGHT + 86_400_000], "a b": [1.5, None], "note": ["x", "y z"]}


def test_an_ambiguous_and_a_given_delimiter(tmp_path: Path) -> None:
    path = recorded(tmp_path, "time;a|b\n2013-07-04;x|y\n")
    with pytest.raises(SimulationError, match="semicolon and bar both divide its lines.*--delimiter"):
        inspect(path)
    assert inspect(path, CsvOptions(delimiter=";")).measurements[0].name == "a|b"
    hashes = recorded(tmp_path, "time#a\n2013-07-04#1\n")
    with pytest.raises(SimulationError, match="a column of times and at least one column of values.*--delimiter"):
        inspect(hashes)
    assert table(hashes, CsvOptions(delimiter="#")) == {"": [MIDNIGHT], "a": [1.0]}


@pytest.mark.parametrize(
    ("encoding", "mark", "chosen"),
    [
        ("utf-8", codecs.BOM_UTF8, ""),
        ("utf-16-le", codecs.BOM_UTF16_LE, ""),
        ("utf-16-be", codecs.BOM_UTF16_BE, ""),
        ("cp1252", b"", "cp1252"),
    ],
)
def test_encodings(tmp_path: Path, encoding: str, mark: bytes, chosen: str) -> None:
    path = recorded(tmp_path, mark + "time,größe\r\n2013-07-04,é\r\n".encode(encoding))
    assert table(path, CsvOptions(encoding=chosen)) == {"": [MIDNIGHT], "größe": ["é"]}


def test_an_ambiguous_encoding(tmp_path: Path) -> None:
    with pytest.raises(SimulationError, match="line .: this is not UTF-8 text; name the encoding, such as --encoding"):
        inspect(recorded(tmp_path, b"time,a\n2013-07-04,2\n2013-07-04,\xff\n"))


@pytest.mark.parametrize(
    ("cells", "kind", "expected"),
    [
        (["1", "2.5", "-3e2", ".5", "5."], CellType.NUMBER, [1.0, 2.5, -300.0, 0.5, 5.0]),
        (["1", "", " 2 "], CellType.NUMBER, [1.0, None, 2.0]),
        (["1", "N/A", "NaN", "null", "-", "#N/A", "2"], CellType.NUMBER, [1.0, None, None, None, None, None, 2.0]),
        (["true", "False", "NA", "TRUE"], CellType.BOOLEAN, [True, False, None, True]),
        (["21,5", "-0,25", "3"], CellType.COMMA, [21.5, -0.25, 3.0]),
        (["9007199254740993", "-1", "n/a"], CellType.WHOLE, [9007199254740993, -1, None]),
        (["9007199254740992", "0.5"], CellType.NUMBER, [2.0**53, 0.5]),
        (["ok", "N/A", "5", "broken"], CellType.TEXT, ["ok", "N/A", "5", "broken"]),
        (["12", "12a", "13b", ""], CellType.TEXT, ["12", "12a", "13b", None]),
        (["1_000", "x"], CellType.TEXT, ["1_000", "x"]),
        (["192.168.100.200", "10.0.0.1"], CellType.TEXT, ["192.168.100.200", "10.0.0.1"]),
        (['a "quoted"\nline', "b"], CellType.TEXT, ['a "quoted"\nline', "b"]),
    ],
)
def test_the_type_of_a_column(tmp_path: Path, cells: list[str], kind: CellType, expected: list[object]) -> None:
    quoted = ('"' + cell.replace('"', '""') + '"' for cell in cells)
    path = recorded(tmp_path, "time;v\n" + "".join(f"{MIDNIGHT + row};{cell}\n" for row, cell in enumerate(quoted)))
    assert kinds(inspect(path)) == {"v": kind}
    found = table(path)["v"]
    assert found == expected
    assert [type(value) for value in found if value is not None] == [
        type(value) for value in expected if value is not None
    ]


@pytest.mark.parametrize(
    ("cells", "complaint"),
    [
        (["1", "2", "broken"], "'v' holds numbers, but 'broken' in line 4"),
        (["1", "0", "true"], "'v' holds numbers, but 'true' in line 4"),
        (["true", "false", "maybe"], "'v' holds booleans, but 'maybe' in line 4"),
        (["1,234", "5,678"], "'v' holds '1,234' in line 2, whose comma or point may separate thousands"),
        (["21,5", "1.234,5"], "'v' holds '1.234,5' in line 3, whose comma or point"),
        (["21,5", "22.5"], "'v' holds '21,5' in line 2, whose comma or point"),
        (["1.5", "1,234.5"], "'v' holds '1,234.5' in line 3, whose comma or point"),
        (["9007199254740993", "0.5"], "whole numbers that lose digits"),
        (["9223372036854775808", "1"], "whole numbers that lose digits"),
    ],
)
def test_ambiguous_columns_are_rejected(tmp_path: Path, cells: list[str], complaint: str) -> None:
    path = recorded(tmp_path, "time;v\n" + "".join(f"{MIDNIGHT + row};{cell}\n" for row, cell in enumerate(cells)))
    with pytest.raises(SimulationError, match=complaint):
        inspect(path)


def test_a_cell_far_down_decides_on_its_column_from_the_start(tmp_path: Path) -> None:
    rows = [f"{MIDNIGHT + second},{'N/A' if second == 2_400 else second}" for second in range(2_500)]
    read_back = read(recorded(tmp_path, "\n".join(["time,value", *rows])))
    assert [len(chunk.times) for chunk in read_back] == [1_000, 1_000, 500]
    assert read_back[0].columns["value"][0] == 0.0
    assert np.isnan(read_back[2].columns["value"][400])
    with pytest.raises(SimulationError, match="'value' holds numbers, but 'broken' in line 2502"):
        inspect(recorded(tmp_path, "\n".join(["time,value", *rows, f"{MIDNIGHT + 2_500},broken"])))


@pytest.mark.parametrize("name", ["temp (°C)", "switch:0", "1-0:1.8.0", "Temperature [°C]", "größe", "a.b-c"])
def test_names_are_kept(tmp_path: Path, name: str) -> None:
    assert list(table(recorded(tmp_path, f"time,{name}\n2013-07-04,1\n"))) == ["", name]


@pytest.mark.parametrize(
    ("header", "complaint"),
    [
        ("time,a,a", "two columns are named 'a'"),
        ("time,,a", "a column with values has no name"),
        ("ts,timestamp_,timestamp", "may all be the column of times"),
        ("time,a," + "x" * 129, "cannot be stored under that name"),
        ("time,a,=1+1", "the column '=1.1' cannot be stored under that name"),
    ],
)
def test_names_that_cannot_be_stored_are_rejected(tmp_path: Path, header: str, complaint: str) -> None:
    with pytest.raises(SimulationError, match=complaint):
        inspect(recorded(tmp_path, f"{header}\n2013-07-04,1,2\n"))


def test_columns_without_a_value_are_left_out_and_named(tmp_path: Path) -> None:
    # A delimiter at the end of each line makes one without a name.
    recording = inspect(recorded(tmp_path, "time;a;gone;\n2013-07-04;1;N/A;\n2013-07-05;2;;\n"))
    assert kinds(recording) == {"a": CellType.NUMBER}
    assert "without any value, and not sent: gone" in list(description(recording))


def test_the_description_counts_missing_numbers_and_takes_missing_words_of_a_text_as_text(tmp_path: Path) -> None:
    lines = ["time;number;text", "2013-07-04;N/A;N/A", "2013-07-05;2;b", "2013-07-06;3;c"]
    recording = inspect(recorded(tmp_path, "\n".join(lines)))
    assert list(description(recording))[2:] == ["number: numbers, 1 of them missing (such as N/A)", "text: texts"]


def test_quotes_blank_lines_and_line_ends(tmp_path: Path) -> None:
    path = recorded(
        tmp_path,
        '\ufeffTime,count,"note long",none\r\n'
        '2013-07-04 00:00:00,1,"a ""quoted""\nline",\r\n'
        "\r\n"
        "2013-07-04 00:00:01, 2.5 ,,\r\n"
        "2013-07-04 00:00:02,,ü,\r\n",
    )
    assert table(path) == {
        "": [MIDNIGHT, MIDNIGHT + 1_000, MIDNIGHT + 2_000],
        "count": [1.0, 2.5, None],
        "note long": ['a "quoted"\nline', None, "ü"],
    }


def test_rows_without_any_value_are_left_out(tmp_path: Path) -> None:
    rows = (",", ",x", "5,", "N/A,")
    path = recorded(tmp_path, "time,a,b\n" + "".join(f"{MIDNIGHT + row},{cells}\n" for row, cells in enumerate(rows)))
    [chunk] = read(path)
    assert chunk.filled().times.tolist() == [MIDNIGHT + 1, MIDNIGHT + 2]
    assert chunk.filled().columns["b"].tolist() == ["x", None]


@pytest.mark.parametrize(("times", "in_order"), [("123", True), ("122", False), ("132", False)])
def test_order(tmp_path: Path, times: str, in_order: bool) -> None:
    path = recorded(tmp_path, "time,a\n" + "".join(f"{time},1\n" for time in times))
    assert inspect(path, CsvOptions(time_format="s")).in_order == in_order


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "a column of times and at least one column of values"),
        ("time\n1\n", "a column of times and at least one column of values"),
        ("time,a\n", "no row below the header"),
        ("time,a\n2013-07-04,\n", "no column holds a value"),
        ("time,a\n2013-07-04,2\n\n2013-07-04,3,4\n", "line 4: 3 cells where the first line has 2"),
        ('time,a\n2013-07-04,"open\n', "line 2"),
    ],
)
def test_complaints_name_the_file_and_the_line(tmp_path: Path, text: str, complaint: str) -> None:
    path = recorded(tmp_path, text)
    with pytest.raises(SimulationError, match=complaint) as raised:
        inspect(path)
    assert str(path) in str(raised.value)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(SimulationError, match="No such file"):
        inspect(tmp_path / "none.csv")
