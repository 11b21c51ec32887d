"""What all faults have in common."""

from abc import ABC
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from iotflow_simulators.faults.occurrences import Spans
from iotflow_simulators.generation.events import ConnectionEvent
from iotflow_simulators.generation.rows import Mask, Rows
from iotflow_simulators.labels import Label
from iotflow_simulators.models.base import Measurement, ValueType
from iotflow_simulators.randoms import Draws, Words
from iotflow_simulators.scenario.kinds import Field, Number, Text
from iotflow_simulators.scenario.scenario import Fault, Fleet

PROBABILITY = Number(0, 1)
MEASUREMENT = Field(Text(64), "which value", "", "the model's first number")


@dataclass(frozen=True, slots=True)
class FleetContext:
    """The devices that a fault's spans refer to. members: their indices into the plan's devices. start: ms since 1970."""

    fleet: Fleet
    names: Sequence[str]
    members: Sequence[int]
    keys: Words
    measurements: tuple[Measurement, ...]
    start: int


@dataclass(slots=True)
class Outcome:
    """What faults add to the readings of a window."""

    labels: list[Label] = field(default_factory=list)
    events: list[ConnectionEvent] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Outage:
    """A time in which a device is not connected. lost: its readings are not made; otherwise they are sent when it is back,
    `batch` at a time, each `spacing` ms after the one before. buffer: the most readings kept; later ones are lost."""

    device: int
    start: int
    end: int
    cause: str
    lost: bool
    clean: bool = False
    buffer: int = 10_000
    batch: int = 100
    spacing: int = 0


class FaultKind(ABC):
    """One fault of a scenario at one fleet.

    Rows are given in the order of their measurement, each once; the result does not depend on how many are given at once.
    ORDER: faults with lower numbers are applied first.
    """

    KIND: ClassVar[str]
    SUMMARY: ClassVar[str]
    ORDER: ClassVar[int] = 0
    parameters: ClassVar[Mapping[str, Field]] = {}

    def __init__(self, fault: Fault, spans: Spans, context: FleetContext) -> None:
        self.fault = fault
        self.spans = spans
        self.context = context
        self.draws = Draws(context.keys, f"fault {fault.name}")
        self.measurement = fault.parameters.get("measurement", "") or self._first()

    def _first(self) -> str:
        return next((one.name for one in self.context.measurements if self.accepts(one)), "")

    @classmethod
    def check(cls, fault: Fault) -> str:  # noqa: ARG003
        """Why these parameters do not fit together; empty where they do."""
        return ""

    @classmethod
    def check_fleet(cls, fault: Fault, fleet: Fleet) -> str:  # noqa: ARG003
        """Why the fault does not fit the fleet; empty where it does."""
        return ""

    @classmethod
    def accepts(cls, measurement: Measurement) -> bool:
        """Whether the fault can change this measurement."""
        return measurement.type is ValueType.NUMBER

    @property
    def labelled(self) -> str:
        """The measurement in the label of the whole fault."""
        return ""

    def apply(self, rows: Rows, outcome: Outcome) -> Rows:  # noqa: ARG002
        """The rows with the fault."""
        return rows

    @classmethod
    def outages_in(cls, fault: Fault, length: int) -> int:  # noqa: ARG003
        """The most outages in an occurrence of this length, in ms."""
        return 1

    def outages(self) -> list[Outage]:
        """The times without a connection."""
        return []

    def events(self) -> list[ConnectionEvent]:
        """What the devices do at known times."""
        return []

    def span_labels(self) -> list[Label]:
        """A label for each occurrence."""
        parameters = dict(self.fault.parameters) | ({"measurement": self.labelled} if self.labelled else {})
        return [
            self._label(device, self.labelled, start + self.context.start, end + self.context.start, parameters)
            for device, start, end in zip(
                self.spans.device.tolist(), self.spans.start.tolist(), self.spans.end.tolist(), strict=True
            )
        ]

    def hits(self, rows: Rows) -> "NDArray[np.intp]":
        """The index of the span that each row is in, or -1."""
        if not len(rows) or not self.spans.touch(int(rows.at.min()), int(rows.at.max())):
            return np.full(len(rows), -1, np.intp)
        return self.spans.find(rows.device, rows.at)

    def chosen(self, rows: Rows) -> Mask:
        """The rows in spans that the parameter `probability` chooses."""
        inside: Mask = self.hits(rows) >= 0
        if not inside.any():
            return inside
        return inside & self.draws.below(rows.device, rows.sequence, self.fault.parameters["probability"])

    def label_rows(
        self, rows: Rows, mask: Mask, outcome: Outcome, measurement: str, true: Sequence[Any] | None
    ) -> None:
        """Add a label for each chosen row. true: the values of the chosen rows before the change."""
        chosen = np.flatnonzero(mask)
        values: Sequence[Any] = [None] * len(chosen) if true is None else true
        for device, time, sequence, value in zip(
            rows.device[chosen].tolist(),
            rows.time[chosen].tolist(),
            rows.sequence[chosen].tolist(),
            values,
            strict=True,
        ):
            outcome.labels.append(self._label(device, measurement, time, time, {}, sequence, value))

    def _label(
        self,
        device: int,
        measurement: str,
        start: int,
        end: int,
        parameters: Mapping[str, Any],
        sequence: int | None = None,
        true: Any = None,
    ) -> Label:
        name, kind = self.context.names[device], self.fault.kind
        return Label(name, measurement, start, end, kind, self.fault.name, parameters, sequence, true)


class ValueFault(FaultKind):
    """A fault that changes one measurement."""

    parameters: ClassVar = {"measurement": MEASUREMENT}

    @property
    def labelled(self) -> str:
        return self.measurement

    def change(self, rows: Rows, mask: Mask, new: NDArray[Any], outcome: Outcome) -> None:
        """Replace the values of the chosen rows, with labels where they differ. new: one value for each chosen row."""
        column = rows.columns[self.measurement]
        old = column[mask]
        differs = old != new
        if not differs.any():
            return
        place = np.flatnonzero(mask)[differs]
        changed = np.zeros(len(rows), np.bool_)
        changed[place] = True
        changed &= ~rows.missing.get(self.measurement, np.zeros(len(rows), np.bool_))
        self.label_rows(rows, changed, outcome, self.measurement, column[changed].tolist())
        column[place] = new[differs]
