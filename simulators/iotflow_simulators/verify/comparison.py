"""Compares what the store has of a device with what it must have."""

import math
from dataclasses import dataclass, field
from typing import Any

from iotflow_simulators.ledger.entries import DeviceEntry
from iotflow_simulators.verify.expected import NOTHING, Cell, Expected, natural_type
from iotflow_simulators.verify.findings import Finding, FindingKind
from iotflow_simulators.verify.status import EXCUSED, Statuses
from iotflow_simulators.verify.stored import StoredColumn


@dataclass(slots=True)
class Comparison:
    """One device. It is given each stored column once, and then ended. findings: at most one for each value."""

    device: DeviceEntry
    expected: Expected
    statuses: Statuses
    findings: list[Finding] = field(default_factory=list)

    def add(self, column: StoredColumn) -> None:
        """Compare stored values."""
        cells = self.expected.cells.get(column.measurement, {})
        for time, value in zip(column.times, column.values, strict=True):
            cell = cells.pop(time, None)
            if cell is None:
                self._unexpected(column.measurement, time, value)
            elif not self._is_right(cell, value, column):
                self._find(FindingKind.WRONG, column.measurement, time, cell.number, cell, f"{value!r} ({column.type})")

    def end(self) -> None:
        """Find what is not stored."""
        for name, cells in self.expected.cells.items():
            for time, cell in cells.items():
                if cell.required is not NOTHING:
                    self._find(FindingKind.LOST, name, time, cell.number, cell, "nothing")
                elif self.statuses.of[cell.number] == EXCUSED:
                    self._find(FindingKind.EXCUSED, name, time, cell.number, cell, "nothing")

    def _unexpected(self, name: str, time: int, value: Any) -> None:
        number = self.expected.refused.get(name, {}).get(time)
        if number is not None:
            self._find(FindingKind.REFUSED, name, time, number, None, repr(value))
        elif self.device.is_new or self.expected.first <= time <= self.expected.last:
            self._find(FindingKind.INVENTED, name, time, -1, None, repr(value))

    def _is_right(self, cell: Cell, value: Any, column: StoredColumn) -> bool:
        wanted = cell.possible if cell.required is NOTHING else (cell.required, *cell.possible)
        return any(self._is_same(each, value, column) for each in wanted)

    def _is_same(self, sent: Any, value: Any, column: StoredColumn) -> bool:
        """Whether the value is stored exactly. The first value of a measurement sets its type, and one that fits is converted: to
        the type of another value of the run, or of a device that is not new, to the type that an earlier run set."""
        natural = natural_type(sent, self.device.door)
        is_known = column.type == natural or column.type in self.expected.types[column.measurement]
        if not is_known and self.device.is_new:
            return False
        if isinstance(sent, bool) != isinstance(value, bool) or isinstance(sent, str) != isinstance(value, str):
            return False
        if value == 0 and isinstance(value, float) and isinstance(sent, float):
            return sent == 0 and math.copysign(1, sent) == math.copysign(1, value)
        return bool(sent == value)

    def _find(self, kind: FindingKind, name: str, time: int, number: int, cell: Cell | None, stored: str) -> None:
        sent = _text(cell) if cell else ""
        self.findings.append(Finding(kind, self.device, name, time, number, sent, stored))


def _text(cell: Cell) -> str:
    wanted = cell.possible if cell.required is NOTHING else (cell.required, *cell.possible)
    return " or ".join(map(repr, wanted))
