"""What a terminal shows of a run: rates, latencies, a map of the devices, faults and the last errors, in 80 columns."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from iotflow_simulators.reporting.texts import clock, visible
from iotflow_simulators.running.measures import Measures
from iotflow_simulators.running.states import State
from iotflow_simulators.running.timeline import Slot

# Everything fits 24 lines, with all doors.
MAP_ROWS, MOST_ERRORS = 4, 3
# Seconds of which rates and latencies are shown.
RECENT = 10
_SIGNS = {
    State.ONLINE: ("+", "green"),
    State.OFF: (".", "dim"),
    State.CONNECTING: ("~", "yellow"),
    State.WRONG_KEY: ("k", "magenta"),
    State.LOST: ("!", "bold red"),
}


class _Counts(NamedTuple):
    second: float
    due: int
    acknowledged: int


@dataclass(frozen=True, slots=True)
class Shown:
    """The run that is shown. names: of the devices. seconds: length of the schedule."""

    scenario: str
    measures: Measures
    names: Sequence[str]
    seconds: float


class View:
    """Renders a run. It is called about once a second, which gives the rates."""

    def __init__(self, shown: Shown) -> None:
        self._shown = shown
        self._before: dict[str, deque[_Counts]] = {door: deque(maxlen=RECENT) for door in shown.measures.doors}

    def render(self, width: int) -> RenderableType:
        """The present state. width: columns of the terminal."""
        parts: list[RenderableType] = [
            self._head(),
            self._doors(),
            self._latencies(),
            *self._map(width),
            self._faults(),
            *self._errors(width),
        ]
        return Group(*parts)

    def _head(self) -> Text:
        shown, measures = self._shown, self._shown.measures
        counts = ", ".join(f"{count:,} {_word(state)}" for state, count in measures.states.counts().items() if count)
        text = f"{shown.scenario}  {clock(int(measures.seconds))} of {clock(int(shown.seconds))}  devices: {counts}"
        return Text(text, style="bold", no_wrap=True, overflow="ellipsis")

    def _doors(self) -> Table:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        table.add_column("DOOR")
        for name in ("DUE/S", "ACK/S", "P50 MS", "P99 MS", "REFUSED", "UNKNOWN", "CONN. LOST"):
            table.add_column(name, justify="right")
        for name, door in self._shown.measures.doors.items():
            due, acknowledged = self._rates(name)
            latencies = (f"{door.latency.quantile(share) * 1_000:,.1f}" for share in (0.5, 0.99))
            counts = (f"{count:,}" for count in (door.refused, door.unknown, door.lost_connections))
            table.add_row(name, f"{due:,.1f}", f"{acknowledged:,.1f}", *latencies, *counts)
        return table

    def _rates(self, name: str) -> tuple[float, float]:
        measures, before = self._shown.measures, self._before[name]
        door = measures.doors[name]
        before.append(_Counts(measures.seconds, door.due, door.acknowledged))
        first, last = before[0], before[-1]
        seconds = max(last.second - first.second, 1e-3)
        return (last.due - first.due) / seconds, (last.acknowledged - first.acknowledged) / seconds

    def _latencies(self) -> Text:
        measures = self._shown.measures
        now = int(measures.seconds) + 1
        recent: Slot = measures.timeline.between(max(now - RECENT, 0), now)
        p50, p99, lag = recent.latency.quantile(0.5), recent.latency.quantile(0.99), recent.lag.quantile(0.99)
        text = f"last {RECENT} s: p50 {p50 * 1_000:,.1f} ms, p99 {p99 * 1_000:,.1f} ms; "
        own = f"own: lag p99 {lag * 1_000:,.1f} ms, processor {measures.processor_share:.0%}"
        return Text(text).append(own, style="red" if measures.is_own_limit else "")

    def _map(self, width: int) -> list[Text]:
        """A sign for each device, or for a few: then that of the one which needs most attention."""
        cells = self._shown.measures.states.map(width * MAP_ROWS)
        rows = [Text("")]
        for start in range(0, len(cells), width):
            row = Text()
            for state, same in groupby(cells[start : start + width]):
                sign, style = _SIGNS[state]
                row.append(sign * len(list(same)), style)
            rows.append(row)
        each = -(-len(self._shown.names) // max(len(cells), 1))
        legend = "  ".join(f"{sign} {_word(state)}" for state, (sign, _) in _SIGNS.items())
        return [*rows, Text(f"{legend}  (a sign: {each:,} {'device' if each == 1 else 'devices'})", style="dim")]

    def _faults(self) -> Text:
        active = {kind: count for kind, count in self._shown.measures.active_faults().items() if count}
        text = ", ".join(f"{kind} {count:,}" for kind, count in active.items()) or "none"
        return Text(f"active faults: {text}", overflow="ellipsis", no_wrap=True)

    def _errors(self, width: int) -> list[Text]:
        found = list(self._shown.measures.errors.recent)[-MOST_ERRORS:]
        origin = self._shown.measures.timeline.origin
        lines = []
        for error in reversed(found):
            second = max(int(error.second - (origin or error.second)), 0)
            text = f"{clock(second)} {self._shown.names[error.device]} {error.reason} {error.message}"
            lines.append(Text(visible(text)[:width], style="red", no_wrap=True))
        return lines


def _word(state: State) -> str:
    return state.name.lower().replace("_", " ")
