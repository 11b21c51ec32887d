"""Faults of single values: stuck, drifting, spiked; a battery that dies."""

from typing import Any, ClassVar

import numpy as np

from iotflow_simulators.cycles import HOUR, quantized
from iotflow_simulators.faults.base import (
    MEASUREMENT,
    PROBABILITY,
    FaultKind,
    FleetContext,
    Outage,
    Outcome,
    ValueFault,
)
from iotflow_simulators.faults.occurrences import Spans
from iotflow_simulators.generation.rows import Mask, Rows
from iotflow_simulators.models.base import Measurement, ValueType
from iotflow_simulators.randoms import Floats, Ints
from iotflow_simulators.scenario.kinds import Field, Number
from iotflow_simulators.scenario.scenario import Fault
from iotflow_simulators.scenario.times import Duration

# Changed numbers are multiples of a millionth.
_STEPS = 1_000_000.0


class Stuck(ValueFault):
    """The first value in the span stays."""

    KIND = "stuck"
    SUMMARY = "a value stays as it is at the fault's start"
    ORDER = 20

    def __init__(self, fault: Fault, spans: Spans, context: FleetContext) -> None:
        super().__init__(fault, spans, context)
        self._held: dict[int, Any] = {}

    @classmethod
    def accepts(cls, measurement: Measurement) -> bool:  # noqa: ARG003
        return True

    def _first(self) -> str:
        found = self.context.measurements
        return next((one.name for one in found if one.type is ValueType.NUMBER), found[0].name)

    def apply(self, rows: Rows, outcome: Outcome) -> Rows:
        span = self.hits(rows)
        inside: Mask = span >= 0
        if self.measurement in rows.columns and inside.any():
            column = rows.columns[self.measurement]
            present = inside & ~rows.missing.get(self.measurement, np.zeros(len(rows), np.bool_))
            numbers, first, which = np.unique(span[present], return_index=True, return_inverse=True)
            values = column[present][first]
            for place, number in enumerate(numbers.tolist()):
                values[place] = self._held.setdefault(number, values[place])
            self.change(rows, present, values[which], outcome)
        return rows


class Drift(ValueFault):
    """The error grows from 0 at the span's start."""

    KIND = "drift"
    SUMMARY = "a value drifts away from the truth"
    ORDER = 21
    parameters: ClassVar = {
        "measurement": MEASUREMENT,
        "per_hour": Field(Number(-1e6, 1e6), "growth of the error in an hour, in the measurement's unit"),
    }

    def apply(self, rows: Rows, outcome: Outcome) -> Rows:
        span = self.hits(rows)
        inside: Mask = span >= 0
        if self.measurement in rows.columns and inside.any():
            hours = (rows.at[inside] - self.spans.start[span[inside]]) / np.float64(HOUR)
            error = hours * self.fault.parameters["per_hour"]
            self.change(rows, inside, quantized(rows.columns[self.measurement][inside] + error, _STEPS), outcome)
        return rows


class Spikes(ValueFault):
    """Single values jump up or down."""

    KIND = "spikes"
    SUMMARY = "single values are far too high or too low"
    ORDER = 22
    parameters: ClassVar = {
        "measurement": MEASUREMENT,
        "probability": Field(PROBABILITY, "of a spike, for each reading", 0.05, "0.05"),
        "magnitude": Field(Number(0.001, 1e6), "height of a spike, in the measurement's unit", 20.0, "20"),
    }

    def apply(self, rows: Rows, outcome: Outcome) -> Rows:
        mask = self.chosen(rows)
        if self.measurement in rows.columns and mask.any():
            height = self._sign(rows.device[mask], rows.sequence[mask]) * self.fault.parameters["magnitude"]
            self.change(rows, mask, quantized(rows.columns[self.measurement][mask] + height, _STEPS), outcome)
        return rows

    def _sign(self, device: Ints, sequence: Ints) -> Floats:
        return np.where(self.draws.words(device, sequence) & np.uint64(1), 1.0, -1.0)


class DeadBattery(ValueFault):
    """The charge falls to 0, then the device is silent until the span's end."""

    KIND = "dead_battery"
    SUMMARY = "the battery runs empty; then the device is silent"
    ORDER = 23
    parameters: ClassVar = {
        "decline": Field(Duration("0s", "7d"), "time in which the charge falls to 0, at the fault's start", 0, "0s")
    }

    @classmethod
    def check(cls, fault: Fault) -> str:
        if fault.lasting and fault.parameters["decline"] >= fault.lasting:
            return "`decline` is not shorter than `for`"
        return ""

    @classmethod
    def accepts(cls, measurement: Measurement) -> bool:
        return measurement.name == "battery"

    @property
    def labelled(self) -> str:
        return ""

    def apply(self, rows: Rows, outcome: Outcome) -> Rows:
        span = self.hits(rows)
        inside: Mask = span >= 0
        if self.measurement and inside.any():
            share = (rows.at[inside] - self.spans.start[span[inside]]) / np.float64(self.fault.parameters["decline"])
            charge = rows.columns[self.measurement][inside] * np.maximum(1.0 - share, 0.0)
            self.change(rows, inside, quantized(charge, 10.0), outcome)
        return rows

    def outages(self) -> list[Outage]:
        decline = self.fault.parameters["decline"]
        return [
            Outage(device, start + decline, end, self.KIND, lost=True)
            for device, start, end in zip(*_lists(self.spans), strict=True)
            if start + decline < end
        ]


def _lists(spans: Spans) -> tuple[list[int], list[int], list[int]]:
    return spans.device.tolist(), spans.start.tolist(), spans.end.tolist()


VALUE_FAULTS: tuple[type[FaultKind], ...] = (Stuck, Drift, Spikes, DeadBattery)
