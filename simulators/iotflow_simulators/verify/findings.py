"""What a verification finds."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from iotflow_simulators.ledger.entries import DeviceEntry

EXAMPLES = 20


class FindingKind(StrEnum):
    """LOST: acknowledged and not stored. WRONG: stored with another value or type. INVENTED: stored and never sent.
    REFUSED: refused and stored. EXCUSED: lost by a broker that was killed before it wrote its file."""

    LOST = "lost"
    WRONG = "wrong"
    INVENTED = "invented"
    REFUSED = "stored_though_refused"
    EXCUSED = "lost_by_killed_broker"


@dataclass(frozen=True, slots=True)
class Finding:
    """A value. number: of the reading in the ledger; -1: none was sent for this time."""

    kind: FindingKind
    device: DeviceEntry
    measurement: str
    time: int
    number: int
    sent: str
    stored: str


@dataclass(slots=True)
class DoorCounts:
    """Readings of one door."""

    sent: int = 0
    acknowledged: int = 0
    refused: int = 0
    unknown: int = 0
    malformed: int = 0
    found: dict[FindingKind, int] = field(default_factory=lambda: dict.fromkeys(FindingKind, 0))


@dataclass(slots=True)
class Verification:
    """The result. reasons: refused readings by door and reason. examples: the first findings. notes: sentences on the ledger."""

    doors: dict[str, DoorCounts] = field(default_factory=dict)
    reasons: dict[tuple[str, str], int] = field(default_factory=dict)
    examples: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def is_proved(self) -> bool:
        """Whether nothing is lost, wrong, invented, or stored though it was refused."""
        return not any(
            count
            for door in self.doors.values()
            for kind, count in door.found.items()
            if kind is not FindingKind.EXCUSED
        )

    def add(self, findings: Iterable[Finding]) -> None:
        """Count the findings of one device by readings: several values of one reading are one."""
        seen = set()
        for finding in findings:
            key = (finding.kind, finding.time)
            if key not in seen:
                seen.add(key)
                self.doors[finding.device.door].found[finding.kind] += 1
            if len(self.examples) < EXAMPLES:
                self.examples.append(finding)

    def rows(self) -> list[dict[str, Any]]:
        """The table: a row for each door, and the sum."""
        rows = [{"door": door, **_row(counts)} for door, counts in sorted(self.doors.items())]
        names = [name for name in rows[0] if name != "door"] if rows else []
        total = {"door": "all", **{name: sum(row[name] for row in rows) for name in names}}
        return [*rows, total] if len(rows) > 1 else rows


def _row(counts: DoorCounts) -> dict[str, Any]:
    return {
        "sent": counts.sent,
        "acknowledged": counts.acknowledged,
        "refused": counts.refused,
        "unknown": counts.unknown,
        "malformed": counts.malformed,
        **{kind.value: count for kind, count in counts.found.items()},
    }
