"""The readings of one fleet, window by window."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from iotflow_simulators.faults.base import FaultKind, FleetContext, Outcome
from iotflow_simulators.generation.events import Connect, ConnectionEvent
from iotflow_simulators.generation.outages import OUTAGE_EVENTS, Outages
from iotflow_simulators.generation.pace import GRID, PER_MS, Pace
from iotflow_simulators.generation.pending import NEVER, Pending
from iotflow_simulators.generation.rotation_schedule import RotationSchedule
from iotflow_simulators.generation.rows import Rows
from iotflow_simulators.labels import Label
from iotflow_simulators.models.base import Model, Moments
from iotflow_simulators.randoms import Draws, Ints
from iotflow_simulators.scenario.scenario import Scenario

# Faults from this ORDER on see readings when they are sent.
_WHEN_SENT = 70


@dataclass(frozen=True, slots=True)
class FleetWindow:
    """What is due in a window. rows: by device, then by due time."""

    context: FleetContext
    rows: Rows
    events: list[ConnectionEvent]
    labels: list[Label]


class FleetRun:
    """The state of a fleet's devices. It is advanced, and never goes back."""

    def __init__(
        self,
        scenario: Scenario,
        context: FleetContext,
        model: Model,
        faults: Sequence[FaultKind],
        outages: Outages,
        rotations: RotationSchedule | None = None,
    ) -> None:
        self.context = context
        self.model = model
        self._scenario = scenario
        self._pace = Pace(scenario.stages)
        self._faults = sorted(faults, key=_fault_order)
        self._outages = outages
        self._rotations = rotations
        self._labels = sorted(
            (label for fault in faults for label in fault.span_labels()), key=_label_order, reverse=True
        )
        self._pending = Pending(self._known_events())
        count = len(context.members)
        self._interval = np.full(count, context.fleet.interval * PER_MS, np.int64)
        self._usual = self._interval.copy()
        self._rate = 1.0
        # The devices' first readings are spread over the interval, on the grid of times.
        phase = Draws(context.keys, "phase").whole(context.fleet.interval // GRID - 1)
        self._work = (phase + 1) * GRID * PER_MS
        self._sequence = np.zeros(count, np.int64)
        self._reached = 0

    def _known_events(self) -> list[ConnectionEvent]:
        events = self._outages.events(self.context.members, self._scenario.duration)
        events += [event for fault in self._faults for event in fault.events()]
        return [event for event in events if self._happens(event)]

    def _happens(self, event: ConnectionEvent) -> bool:
        """Whether an event is part of the scenario. Devices that keep readings connect after its end."""
        return event.due < self._scenario.duration or isinstance(event, Connect)

    def set_interval(self, device: int, interval: int) -> None:
        """Change the interval of one device, in ms, after its next reading."""
        self._usual[device] = interval * PER_MS
        self._interval = self._at_rate()

    def interval(self, device: int) -> int:
        """The interval of one device at rate 1, in ms."""
        return int(self._usual[device]) // PER_MS

    def inject(self, fault: FaultKind, outages: Outages, now: int) -> None:
        """Let a fault begin after the last window. outages: those of all faults. now: in ms since the start."""
        self._faults = sorted([*self._faults, fault], key=_fault_order)
        self._labels = sorted([*self._labels, *fault.span_labels()], key=_label_order, reverse=True)
        self._outages = outages
        others = [event for event in self._pending.events if not isinstance(event, OUTAGE_EVENTS)]
        known = [*outages.events(self.context.members, self._scenario.duration), *fault.events()]
        self._pending.events = others + [event for event in known if event.due >= now and self._happens(event)]

    @property
    def outages(self) -> Outages:
        """All outages of the devices."""
        return self._outages

    def set_rate(self, rate: float) -> None:
        """Change the rate of all devices at once, as a multiple of what the intervals give. At most a reading every GRID ms."""
        before, self._rate = self._interval, rate
        self._interval = self._at_rate()
        left = ((self._work - self._reached) * (self._interval / before)).astype(np.int64)
        self._work = self._reached + np.maximum(left, 1)

    def _at_rate(self) -> Ints:
        return np.maximum((self._usual / self._rate).astype(np.int64), GRID * PER_MS)

    def advance(self, end: int) -> FleetWindow:
        """What is due before `end`, in ms since the start. At the scenario's end, late readings are due too."""
        outcome = Outcome()
        is_last = end >= self._scenario.duration
        rows = self._faulty(self._natural(min(end, self._scenario.duration)), outcome)
        self._pending.events += outcome.events
        if self._rotations:
            self._pending.events += self._rotations.before(min(end, self._scenario.duration))
        due = self._pending.due_rows(rows, NEVER if is_last else end)
        events = self._pending.due_events(NEVER if is_last else end)
        labels = [*self._begun_labels(NEVER if is_last else end + self._scenario.start), *outcome.labels]
        return FleetWindow(self.context, due, events, labels)

    def _natural(self, end: int) -> Rows:
        """The readings without faults that are measured before `end`."""
        reached = self._pace.work((end - 1) // GRID * GRID)
        counts = np.maximum((reached - self._work) // self._interval + 1, 0)
        total = int(counts.sum())
        device = np.repeat(np.arange(len(counts)), counts)
        turn = np.arange(total, dtype=np.int64) - np.repeat(np.cumsum(counts) - counts, counts)
        at = self._pace.due(self._work[device] + turn * self._interval[device])
        sequence = self._sequence[device] + turn
        self._work += counts * self._interval
        self._reached = reached
        self._sequence += counts
        time = at + self._scenario.start
        columns = self.model.readings(Moments(device, sequence, time))
        return Rows(device, sequence, at, at.copy(), time.copy(), columns, np.zeros(total, np.int8))

    def _faulty(self, rows: Rows, outcome: Outcome) -> Rows:
        rows = self._outages.without_lost(rows)
        for fault in self._faults:
            if fault.ORDER < _WHEN_SENT:
                rows = fault.apply(rows, outcome)
        rows, full = self._outages.hold(rows)
        if full.any():
            outcome.labels += self._full_labels(rows.take(full))
            rows = rows.take(~full)
        for fault in self._faults:
            if fault.ORDER >= _WHEN_SENT:
                rows = fault.apply(rows, outcome)
        return rows

    def _full_labels(self, lost: Rows) -> list[Label]:
        found = zip(lost.device.tolist(), lost.time.tolist(), lost.sequence.tolist(), strict=True)
        names = self.context.names
        return [Label(names[device], "", time, time, "buffer_full", "", {}, number) for device, time, number in found]

    def _begun_labels(self, time: int) -> list[Label]:
        begun = []
        while self._labels and self._labels[-1].start < time:
            begun.append(self._labels.pop())
        return begun


def _fault_order(fault: FaultKind) -> tuple[int, str]:
    return fault.ORDER, fault.fault.name


def _label_order(label: Label) -> tuple[int, str, str, str]:
    return label.start, label.device, label.kind, label.fault
