"""`iotflow replay` against a real server that is killed, stopped, or rejects values. Every stored value is compared."""

import csv
import json
import signal
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.e2e.installation import Installation

DATA = Path(__file__).parents[1] / "data"
AMBIENT, MACHINE = DATA / "ambient_temperature.csv", DATA / "machine_temperature.csv"


def recorded(file: Path) -> dict[int, float]:
    """The file's values by time (ms), read independently. Of rows with equal times the last one counts."""
    with file.open() as lines:
        rows = list(csv.reader(lines))[1:]
    return {
        round(datetime.fromisoformat(time).replace(tzinfo=UTC).timestamp() * 1_000): float(value)
        for time, value in rows
    }


@pytest.fixture
def here(tmp_path: Path) -> Installation:
    return Installation(tmp_path)


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation with a running server, for all tests that do not stop it."""
    installation = Installation(tmp_path_factory.mktemp("serving"))
    with installation.server():
        yield installation


def test_a_server_killed_during_a_replay_loses_nothing(here: Installation) -> None:
    # Eleven weeks in about five seconds, long enough for an interruption.
    with here.server() as first, here.replay(MACHINE, "machine", "--speed", "1_400_000") as replay:
        here.wait_until_stored(5_000)
        first.signal(signal.SIGKILL)
        first.exit_code()
        replay.wait_for_line("interrupted: ")
        with here.server():
            assert replay.exit_code() == 0, replay.output
            assert here.stored("machine") == {"value": recorded(MACHINE)}
    assert "22,695 of 22,695 rows sent are acknowledged; 22,683 distinct times: 12 rows overwrote" in replay.output


def test_a_replay_waits_for_a_draining_server(here: Installation) -> None:
    with here.server() as first, here.replay(MACHINE, "machine", "--speed", "1_400_000") as replay:
        here.wait_until_stored(2_000)
        assert first.terminate() == 0
        replay.wait_for_line("interrupted: ")
        with here.server():
            assert replay.exit_code() == 0, replay.output
            assert here.stored("machine") == {"value": recorded(MACHINE)}


def test_ctrl_c_reports_progress_and_a_second_run_completes_it(here: Installation) -> None:
    with here.server():
        with here.replay(AMBIENT, "ambient", "--speed", "100_000") as replay:
            here.wait_until_stored(20)
            replay.signal(signal.SIGINT)
            assert replay.exit_code() == 130
        assert "iotflow: stopped" in replay.output
        assert "rows sent are acknowledged" in replay.output
        assert "Traceback" not in replay.output
        code, output = here.replayed(AMBIENT, "ambient")
        assert code == 0, output
        assert here.stored("ambient") == {"value": recorded(AMBIENT)}
    assert "7,267 of 7,267 rows sent are acknowledged; 7,267 distinct times" in output
    assert stat.S_IMODE(here.keys.stat().st_mode) == 0o600


def test_numbers_text_and_gaps_arrive_as_they_are(serving: Installation, tmp_path: Path) -> None:
    file = tmp_path / "mixed.csv"
    file.write_text(
        "count,Date,note (de)\n1,2026-01-01T00:00:00+01:00,größe\n,2026-01-01,\n-2.5e3,1767225601,x\n,1767225605,\n"
    )
    code, output = serving.replayed(file, "mixed")
    midnight = 1_767_225_600_000
    assert serving.stored("mixed") == {
        "count": {midnight - 3_600_000: 1.0, midnight + 1_000: -2_500.0},
        "note (de)": {midnight - 3_600_000: "größe", midnight + 1_000: "x"},
    }
    assert code == 0, output
    assert "2 rows hold no value and were not sent" in output


def test_rejected_values_are_named_and_the_rest_is_stored(serving: Installation, tmp_path: Path) -> None:
    file = tmp_path / "infinite.csv"
    file.write_text("time,value\n1,1.5\n2,inf\n3,2.5\n")
    code, output = serving.replayed(file, "infinite", "--time-format", "s")
    assert serving.stored("infinite") == {"value": {1_000: 1.5, 3_000: 2.5}}
    assert code == 1
    assert "rejected: value, 1 row: NaN and infinity are no readings (NOT_FINITE)" in output
    assert "2 of 3 rows acknowledged, 1 rejected, " in output
    assert "2 of 3 rows sent are acknowledged, 1 rejected; 3 distinct times" in output


def test_a_row_that_is_rejected_whole_is_not_counted_as_acknowledged(serving: Installation, tmp_path: Path) -> None:
    file = tmp_path / "ahead.csv"
    file.write_text("time,a,b\n9999-01-01T00:00:00Z,1,2\n")
    code, output = serving.replayed(file, "ahead")
    assert code == 1
    assert "0 of 1 row acknowledged, 1 rejected, " in output
    assert "0 of 1 row sent is acknowledged, 1 rejected; 1 distinct time\n" in output
    assert "rejected: whole rows, 1 row: " in output


def test_the_error_of_a_missing_or_unknown_key_names_the_remedy(serving: Installation) -> None:
    assert serving.replayed(AMBIENT, "ambient")[0] == 0
    kept = serving.keys.read_text()
    serving.keys.unlink()
    code, output = serving.replayed(AMBIENT, "ambient")
    assert code == 6
    assert f"iotflow: 127.0.0.1:{serving.port} already has a device named 'ambient', and its key is not" in output
    serving.keys.write_text(kept.replace(json.loads(kept)["ambient"], "x" * 32))
    code, output = serving.replayed(AMBIENT, "ambient")
    assert code == 4
    assert f"iotflow: 127.0.0.1:{serving.port} does not accept the key of 'ambient'" in output


def test_types_of_columns_and_missing_cells_are_stored_as_they_are(serving: Installation, tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    file.write_text(
        "Temperatur;Tür offen;Zähler;Zeitpunkt\n21,5;true;9007199254740993;04.07.2013 02:00\nN/A;false;-1;04.07.2013 03:00\n"
    )
    options = ["--time-column", "Zeitpunkt", "--time-format", "%d.%m.%Y %H:%M", "--timezone", "Europe/Berlin"]
    code, output = serving.replayed(file, "export", *options)
    assert code == 0, output
    assert serving.stored("export") == {
        "Temperatur": {1_372_896_000_000: 21.5},
        "Tür offen": {1_372_896_000_000: True, 1_372_899_600_000: False},
        "Zähler": {1_372_896_000_000: 9007199254740993, 1_372_899_600_000: -1},
    }
    assert "delimiter semicolon" in output
    assert "Temperatur: numbers with a decimal comma, 1 of them missing" in output


def test_a_dry_run_shows_how_the_file_is_read_and_needs_no_server(here: Installation) -> None:
    code, output = here.replayed(AMBIENT, "ambient", "--dry-run")
    assert code == 0
    assert "7,267 rows, utf-8, delimiter comma" in output
    assert "times: 'timestamp', detected by its name" in output
    assert "from 2013-07-04T00:00:00.000Z to 2014-05-28T15:00:00.000Z" in output
    assert "value: numbers" in output
    assert not here.keys.exists()


def test_an_ambiguous_file_is_rejected_before_anything_is_sent(here: Installation, tmp_path: Path) -> None:
    file = tmp_path / "doubtful.csv"
    file.write_text("temperature,uptime\n21.5,12\n21.6,13\n")
    code, output = here.replayed(file, "doubtful")
    assert code == 1
    assert output.startswith(f"iotflow: {file}: none of its columns 'temperature', 'uptime' was detected as the times")
    assert "--time-column" in output
    assert not here.keys.exists()


@pytest.mark.parametrize(
    ("file", "options", "complaint"),
    [
        (AMBIENT, [], "No server answers at 127.0.0.1:"),
        (Path("none.csv"), [], "none.csv: No such file or directory."),
        (AMBIENT, ["--server", "http://localhost:5000"], "'http://localhost:5000' is not the address of a server"),
        (AMBIENT, ["--server", "localhost:0"], "'localhost:0' is not the address of a server"),
        (
            AMBIENT,
            ["--server", "localhost", "--ca", "/dev/null/ca"],
            "argument --ca: File '/dev/null/ca' does not exist",
        ),
        (AMBIENT, ["--profile", "plant"], "There is no profile 'plant'"),
        (AMBIENT, ["--speed", "0"], "argument --speed: the value must be a number above 0"),
        (AMBIENT, ["--speed", "fast"], "argument --speed: the value must be a number above 0"),
        (AMBIENT, ["--time-format", "h"], "argument --time-format: the value must be s, ms, us, ns or a format"),
        (AMBIENT, ["--timezone", "Berlin"], "argument --timezone: Berlin is not a time zone"),
        (AMBIENT, ["--delimiter", "::"], "argument --delimiter: the value must be one character, or the word tab"),
        (AMBIENT, ["--encoding", "utf-9"], "argument --encoding: utf-9 is not a text encoding"),
        (AMBIENT, ["--encoding", "hex"], "argument --encoding: hex is not a text encoding"),
        (AMBIENT, ["--time-column", "date"], "--time-column 'date' is none of 'timestamp', 'value'"),
    ],
)
def test_errors_name_the_problem(here: Installation, file: Path, options: list[str], complaint: str) -> None:
    code, output = here.replayed(file, "device", *options)
    assert code != 0
    assert complaint in output
    assert "Traceback" not in output
