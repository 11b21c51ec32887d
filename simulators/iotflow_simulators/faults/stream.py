"""Faults of whole readings: lost, doubled, late, with a wrong time, malformed, or far too many."""

from typing import ClassVar

import numpy as np

from iotflow_simulators.faults.base import PROBABILITY, FaultKind, Outcome
from iotflow_simulators.faults.payloads import PAYLOADS
from iotflow_simulators.generation.pace import GRID
from iotflow_simulators.generation.rows import EXTRA, Mask, Rows, joined
from iotflow_simulators.models.base import Measurement
from iotflow_simulators.randoms import Ints
from iotflow_simulators.scenario.kinds import Choice, Field, Number, Text, Whole
from iotflow_simulators.scenario.scenario import Fault, Fleet
from iotflow_simulators.scenario.structures import ListOf
from iotflow_simulators.scenario.times import Duration

# Stages may shorten an interval to this part of it.
_SHORTEST = 10
_TIMESTAMP = "timestamp"


class DropOuts(FaultKind):
    """Readings, or one value of them, are not there."""

    KIND = "drop_outs"
    SUMMARY = "readings, or one value of them, are missing"
    ORDER = 10
    parameters: ClassVar = {
        "probability": Field(PROBABILITY, "of a missing reading, for each reading", 0.1, "0.1"),
        "measurement": Field(Text(64), "only this value is missing", "", "the whole reading"),
    }

    @classmethod
    def accepts(cls, measurement: Measurement) -> bool:  # noqa: ARG003
        return True

    def _first(self) -> str:
        return ""

    @property
    def labelled(self) -> str:
        return self.measurement

    def apply(self, rows: Rows, outcome: Outcome) -> Rows:
        mask = self.chosen(rows)
        if not mask.any() or (self.measurement and self.measurement not in rows.columns):
            return rows
        if not self.measurement:
            self.label_rows(rows, mask, outcome, "", None)
            return rows.take(~mask)
        self.label_rows(rows, mask, outcome, self.measurement, rows.columns[self.measurement][mask].tolist())
        rows.missing[self.measurement] = rows.missing.get(self.measurement, np.zeros(len(rows), np.bool_)) | mask
        return rows


class _ClockFault(FaultKind):
    """A fault of the stated times."""

    @property
    def labelled(self) -> str:
        return _TIMESTAMP

    def shift(self, rows: Rows, inside: Mask, by: Ints, outcome: Outcome) -> None:
        """Move the times, and label them with the times before."""
        true = rows.time[inside].tolist()
        rows.time[inside] += by
        self.label_rows(rows, inside, outcome, _TIMESTAMP, true)


class ClockSkew(_ClockFault):
    """The clock runs too fast or too slowly, and is right again at the span's end."""

    KIND = "clock_skew"
    SUMMARY = "the device's clock runs too fast or too slowly"
    ORDER = 30
    parameters: ClassVar = {"ppm": Field(Number(-100_000, 100_000), "gain in parts per million; negative: too slow")}

    def apply(self, rows: Rows, outcome: Outcome) -> Rows:
        span = self.hits(rows)
        inside: Mask = span >= 0
        if inside.any():
            gain = (rows.at[inside] - self.spans.start[span[inside]]) * np.float64(self.fault.parameters["ppm"]) / 1e6
            # Off the grid, so that no time equals one of the right clock.
            self.shift(rows, inside, np.floor(gain / GRID).astype(np.int64) * GRID + 1, outcome)
        return rows


class ClockJump(_ClockFault):
    """The clock is wrong by a constant."""

    KIND = "clock_jump"
    SUMMARY = "the device's clock is wrong by a constant"
    ORDER = 31
    parameters: ClassVar = {"seconds": Field(Number(-1e8, 1e8), "error of the clock; negative: it is late")}

    def apply(self, rows: Rows, outcome: Outcome) -> Rows:
        inside: Mask = self.hits(rows) >= 0
        if inside.any():
            error = int(np.floor(self.fault.parameters["seconds"] * 1_000.0 / GRID)) * GRID + 2
            self.shift(rows, inside, np.full(int(inside.sum()), error, np.int64), outcome)
        return rows


class Flood(FaultKind):
    """Each reading is followed at once by more with its values."""

    KIND = "flood"
    SUMMARY = "the device sends many times as many readings"
    ORDER = 40
    parameters: ClassVar = {"factor": Field(Whole(2, 1_000), "readings in place of one", 10, "10")}

    @classmethod
    def check_fleet(cls, fault: Fault, fleet: Fleet) -> str:
        most = fleet.interval // _SHORTEST
        if fault.parameters["factor"] > most:
            return f"`factor` is above {most}, which is the most for the interval of `{fleet.name}`"
        return ""

    def apply(self, rows: Rows, outcome: Outcome) -> Rows:
        inside: Mask = self.hits(rows) >= 0
        if not inside.any():
            return rows
        factor = self.fault.parameters["factor"]
        spacing = max(self.context.fleet.interval // _SHORTEST // factor, 1)
        source = np.repeat(np.flatnonzero(inside), factor - 1)
        extra = rows.take(source)
        turn = np.tile(np.arange(1, factor, dtype=np.int64), int(inside.sum()))
        extra.sequence = EXTRA + extra.sequence * 1_024 + turn
        extra.due += turn * spacing
        extra.at += turn * spacing
        extra.time += turn * spacing
        self.label_rows(extra, np.ones(len(extra), np.bool_), outcome, "", None)
        return joined([rows, extra]).in_order()


class MalformedPayloads(FaultKind):
    """A payload that no door may accept takes the place of a reading."""

    KIND = "malformed"
    SUMMARY = "payloads that no door may accept, in place of readings"
    ORDER = 50
    parameters: ClassVar = {
        "probability": Field(PROBABILITY, "of a bad payload, for each reading", 0.1, "0.1"),
        "payloads": Field(ListOf(Choice(PAYLOADS), len(PAYLOADS), 1), "which are sent", PAYLOADS, "all"),
    }

    def apply(self, rows: Rows, outcome: Outcome) -> Rows:
        mask = self.chosen(rows)
        if mask.any():
            kinds = np.array([PAYLOADS.index(word) for word in self.fault.parameters["payloads"]], np.int8)
            words = self.draws.words(rows.device[mask], rows.sequence[mask]) & np.uint64(0xFFFF)
            rows.malformed[mask] = kinds[(words.astype(np.int64) * len(kinds)) >> np.int64(16)] + np.int8(1)
            self.label_rows(rows, mask, outcome, "", None)
        return rows


class Duplicates(FaultKind):
    """Readings are sent twice."""

    KIND = "duplicates"
    SUMMARY = "readings are sent twice"
    ORDER = 60
    parameters: ClassVar = {
        "probability": Field(PROBABILITY, "of a second sending, for each reading", 0.1, "0.1"),
        "delay": Field(Duration("0s", "1h"), "time until the second sending", 1_000, "1s"),
    }

    def apply(self, rows: Rows, outcome: Outcome) -> Rows:
        mask = self.chosen(rows)
        if not mask.any():
            return rows
        self.label_rows(rows, mask, outcome, "", None)
        again = rows.take(mask)
        again.due = again.due + self.fault.parameters["delay"]
        return joined([rows, again]).in_order()


class Reordering(FaultKind):
    """Readings are sent later than those after them."""

    KIND = "reordering"
    SUMMARY = "readings are overtaken by later ones"
    ORDER = 61
    parameters: ClassVar = {
        "probability": Field(PROBABILITY, "of a delay, for each reading", 0.1, "0.1"),
        "delay": Field(Duration("1ms", "1h"), "length of the delay", 10_000, "10s"),
    }

    def apply(self, rows: Rows, outcome: Outcome) -> Rows:
        mask = self.chosen(rows)
        if not mask.any():
            return rows
        self.label_rows(rows, mask, outcome, "", None)
        rows.due[mask] += self.fault.parameters["delay"]
        return rows.in_order()


STREAM_FAULTS: tuple[type[FaultKind], ...] = (
    DropOuts,
    ClockSkew,
    ClockJump,
    Flood,
    MalformedPayloads,
    Duplicates,
    Reordering,
)
