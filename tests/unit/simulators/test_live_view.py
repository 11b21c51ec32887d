"""What a terminal of 80 columns and 24 lines shows of a run."""

import io

import pytest
from rich.console import Console

from iotflow_simulators.labels import Label
from iotflow_simulators.reporting.live_view import MAP_ROWS, Shown, View
from iotflow_simulators.running.measures import DoorMeasures, Measures
from iotflow_simulators.running.states import State, States
from iotflow_simulators.scenario.scenario import Door

COLUMNS, LINES = 80, 24


def shown(measures: Measures, devices: int, width: int = COLUMNS) -> list[str]:
    """The lines of the terminal, without colours."""
    names = [f"room-{number}" for number in range(1, devices + 1)]
    return lines(View(Shown("building", measures, names, 600.0)), width)


def lines(view: View, width: int = COLUMNS) -> list[str]:
    console = Console(file=io.StringIO(), width=width, markup=False, highlight=False)
    console.print(view.render(width))
    output = console.file
    assert isinstance(output, io.StringIO)
    return output.getvalue().splitlines()


def measured(devices: int, doors: int = 1) -> Measures:
    """A run that has begun."""
    found = Measures({door.value: DoorMeasures() for door in list(Door)[:doors]}, states=States(devices))
    found.begin(1_000.0)
    return found


def test_the_view_has_rates_states_latencies_faults_and_errors() -> None:
    measures = measured(4)
    door = measures.doors["mqtt"]
    door.due, door.acknowledged, door.answered, door.refused, door.lost_connections = 1_234, 1_200, 1_202, 2, 7
    door.latency.add(0.025, 1_200)
    slot = measures.timeline.at(1_000.5)
    slot.latency.add(0.015, 100)
    slot.lag.add(0.002, 100)
    for device, state in enumerate((State.ONLINE, State.LOST, State.WRONG_KEY, State.CONNECTING)):
        measures.states[device] = state
    measures.faults.add([Label("room-2", "", 0, 60_000, kind, kind, {}) for kind in ("stuck", "offline")])
    measures.errors.lost(1_075.0, 1, "DISCONNECTED", "the peer closed the connection")
    head, header, row, recent, blank, states, legend, faults, error = shown(measures, 4)
    assert head.startswith("building  0:00 of 10:00  devices: 1 online, 1 connecting, 1 wrong key, 1 lost")
    assert header.split() == ["DOOR", "DUE/S", "ACK/S", "P50", "MS", "P99", "MS", "REFUSED", "UNKNOWN", "CONN.", "LOST"]
    assert row.split()[0] == "mqtt"
    assert row.split()[3:] == ["25.0", "25.0", "2", "32", "7"]
    assert "p50 15.0 ms, p99 15.0 ms; own: lag p99 2.0 ms" in recent
    assert (blank, states) == ("", "+!k~")
    assert legend.startswith("+ online  . off  ~ connecting  k wrong key  ! lost  (a sign: 1 device)")
    assert faults == "active faults: offline 1, stuck 1"
    assert error == "1:15 room-2 DISCONNECTED the peer closed the connection"


@pytest.mark.parametrize(
    ("devices", "signs", "each"), [(1, 1, "1 device"), (320, 320, "1 device"), (100_000, 320, "313 devices")]
)
def test_any_fleet_fits_the_terminal(devices: int, signs: int, each: str) -> None:
    measures = measured(devices, doors=5)
    measures.states[devices - 1] = State.LOST
    for kind in range(17):
        measures.faults.add([Label("x", "", 0, 60_000, f"a_long_kind_of_fault_{kind}", "", {})])
    for _ in range(100):
        measures.errors.lost(1_000.0, 0, "DISCONNECTED", "a message of the service " * 10)
    for door in measures.doors.values():
        door.due = door.acknowledged = 123_456_789
        door.latency.add(12.3456)
    found = shown(measures, devices)
    assert max(map(len, found)) <= COLUMNS
    assert len(found) <= LINES
    rows = [line for line in found if set(line) <= set("+.~k!") and line]
    assert len(rows) <= MAP_ROWS
    assert sum(map(len, rows)) == pytest.approx(signs, abs=1)
    assert rows[-1][-1] == "!"
    assert any(f"a sign: {each}" in line for line in found)


def test_rates_are_those_since_the_renderings_before(monkeypatch: pytest.MonkeyPatch) -> None:
    measures = measured(1)
    door, view, rates = measures.doors["mqtt"], View(Shown("test", measures, ["room-1"], 60.0)), []
    for second in range(15):
        monkeypatch.setattr(Measures, "seconds", float(second))
        door.due, door.acknowledged = second * 100, max(second - 5, 0) * 50
        rates.append([float(cell) for cell in lines(view)[2].split()[1:3]])
    assert rates[0] == [0.0, 0.0]
    assert rates[2] == [100.0, 0.0]
    # The oldest of the ten renderings that count is that of second 5.
    assert rates[14] == [100.0, 50.0]


def test_errors_cannot_move_the_cursor() -> None:
    measures = measured(1)
    measures.errors.refused(1_000.0, 0, "BAD", "\x1b[2J\r\nbell\x07 [red]markup[/red]")
    assert shown(measures, 1)[-1] == "0:00 room-1 BAD \ufffd[2J\ufffd\ufffdbell\ufffd [red]markup[/red]"


def test_an_empty_run_is_shown_too() -> None:
    assert shown(Measures({}), 0)[-1] == "active faults: none"
