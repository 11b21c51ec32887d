"""One place shows the results of all commands: for people, or as JSON for programs."""

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from rich.console import Console

from iotflow_cli.output.failures import CommandError
from iotflow_cli.output.renderer import Output
from iotflow_cli.output.results import Events, Record, Row, Table, Text
from iotflow_cli.output.terminal import BATCH, console_on, write_record, write_table

ROWS: list[Row] = [{"id": 7, "name": "kitchen", "online": True}, {"id": 12, "name": "hall", "online": False}]


def on_terminal(width: int = 80) -> tuple[Console, io.StringIO]:
    stream = io.StringIO()
    return Console(file=stream, force_terminal=True, width=width, color_system=None, markup=False), stream


def test_a_table_is_a_line_of_json_for_each_row(capsys: pytest.CaptureFixture[str]) -> None:
    assert Output(as_json=True).show(Table(ROWS, columns=("id",))) == 0
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == ROWS


def test_a_table_has_the_columns_that_it_names(capsys: pytest.CaptureFixture[str]) -> None:
    Output().show(Table(ROWS, columns=("id", "name")))
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["ID", "NAME"],
        ["7", "kitchen"],
        ["12", "hall"],
    ]


def test_an_empty_table_is_a_sentence_for_people_and_nothing_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    Output().show(Table([], nothing="There are no devices."))
    assert capsys.readouterr().out == "There are no devices.\n"
    Output(as_json=True).show(Table([], nothing="There are no devices."))
    assert capsys.readouterr().out == ""


def test_a_record_has_an_exit_code_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    record = Record({"stored": 1, "rejected": 2}, exit_code=1)
    assert Output(as_json=True).show(record) == 1
    assert json.loads(capsys.readouterr().out) == {"stored": 1, "rejected": 2}
    assert Output().show(record) == 1
    assert capsys.readouterr().out.split() == ["stored", "1", "rejected", "2"]


def test_a_sentence_stands_for_a_record_on_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    Output().show(Record({"device_id": 7}, sentence="The device 7 is deleted."))
    assert capsys.readouterr().out == "The device 7 is deleted.\n"


def test_a_text_is_shown_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    Output(as_json=True).show(Text("complete -F _iotflow"))
    assert capsys.readouterr().out == "complete -F _iotflow\n"


def test_each_event_is_shown_before_the_next_one_comes(capsys: pytest.CaptureFixture[str]) -> None:
    shown = []

    def events() -> Iterator[Row]:
        yield {"value": 1}
        shown.append(capsys.readouterr().out)
        yield {"value": 2}

    Output().show(Events(events(), lambda row: f"value {row['value']}"))
    assert shown == ["value 1\n"]


def test_times_and_missing_values_are_json(capsys: pytest.CaptureFixture[str]) -> None:
    Output(as_json=True).show(Record({"at": datetime(2026, 1, 31, tzinfo=UTC), "seen": None}))
    assert json.loads(capsys.readouterr().out) == {"at": "2026-01-31T00:00:00+00:00", "seen": None}


def test_a_table_fits_a_terminal_of_80_columns_and_loses_no_character() -> None:
    console, stream = on_terminal()
    name = "x" * 100
    write_table(console, [{"id": 1, "name": name, "location": "y" * 90}], (), "")
    lines = stream.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert "".join(lines).count("x") == 100
    assert "".join(lines).count("y") == 90


def test_a_pipe_gets_each_row_in_one_line() -> None:
    stream = io.StringIO()
    write_table(console_on(stream), [{"id": 1, "name": "x" * 500}], (), "")
    assert len(stream.getvalue().splitlines()) == 2


def test_the_end_of_a_pipe_is_left_to_the_command() -> None:
    class Closed(io.StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        write_table(console_on(Closed()), ROWS, (), "")


def test_a_long_table_has_one_heading() -> None:
    console, stream = on_terminal()
    write_table(console, ({"number": number} for number in range(3 * BATCH)), (), "")
    lines = stream.getvalue().splitlines()
    assert len(lines) == 3 * BATCH + 1
    assert sum("number" in line for line in lines) == 1


def test_names_of_devices_cannot_control_the_terminal() -> None:
    console, stream = on_terminal()
    write_record(console, {"name": "[bold]\x1b[2Jkitchen\n"})
    assert "\x1b" not in stream.getvalue()
    assert "[bold]" in stream.getvalue()


HOSTILE = "a\x1b[2J\x9b31m\u202e\rb"


@pytest.mark.parametrize(
    "result",
    [
        Table([{"configuration": {HOSTILE: HOSTILE}, "tags": [HOSTILE]}]),
        Record({"device_id": 7}, sentence=f"first\n{HOSTILE}"),
        Events([{"name": HOSTILE}], lambda row: f"first\n{row['name']}"),
    ],
)
def test_no_text_of_a_device_controls_the_terminal(
    result: Table | Record | Events, capsys: pytest.CaptureFixture[str]
) -> None:
    Output().show(result)
    Output().note(f"first\n{HOSTILE}")
    Output().fail(CommandError(f"first\n{HOSTILE}"))
    shown = "".join(capsys.readouterr())
    assert all(each.isprintable() for line in shown.split("\n") for each in line)
    assert shown.count("first\n") >= 2


def test_notes_go_to_the_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    Output().note("interrupted", seconds=1)
    Output(as_json=True).note("interrupted", seconds=1)
    plain, coded = capsys.readouterr().err.splitlines()
    assert plain == "iotflow: interrupted"
    assert json.loads(coded) == {"note": "interrupted", "seconds": 1}


@pytest.mark.parametrize(
    ("arguments", "as_json"),
    [
        (["devices", "list"], False),
        (["devices", "--json"], True),
        (["--json", "x"], True),
        (["x", "--", "--json"], False),
    ],
)
def test_the_option_counts_anywhere_before_two_dashes(arguments: list[str], *, as_json: bool) -> None:
    assert Output.for_arguments(arguments).as_json is as_json
