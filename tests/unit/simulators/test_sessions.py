"""A device sends as many readings as its link has room for, and the next ones when the service has reported earlier ones."""

from collections.abc import Callable
from pathlib import Path

import pytest

from iotflow_simulators.doors.link import Link, Outgoing
from iotflow_simulators.running.session import Session
from tests.unit.simulators.recorded_door import DOOR, RecordedDoor, device_at

Report = Callable[[Session, Outgoing], None]


def acknowledge(session: Session, outgoing: Outgoing) -> None:
    session.acknowledged(outgoing)


def refuse(session: Session, outgoing: Outgoing) -> None:
    session.refused(outgoing, "BAD", "", "")


def refuse_number(session: Session, outgoing: Outgoing) -> None:
    session.refused_number(outgoing.number, "BAD", "", "")


def refuse_value(session: Session, outgoing: Outgoing) -> None:
    session.refused(outgoing, "BAD", "temperature", "")


@pytest.mark.parametrize(
    ("report", "sent", "counts"),
    [
        (acknowledge, 1, (1, 0)),
        (refuse, 1, (0, 1)),
        (refuse_number, 1, (0, 1)),
        # The others of the reading are stored, which is reported later.
        (refuse_value, 0, (0, 0)),
    ],
)
async def test_a_report_of_a_reading_makes_room_for_the_next_one(
    tmp_path: Path, report: Report, sent: int, counts: tuple[int, int]
) -> None:
    """sent: readings that the report lets out. counts: of acknowledged and of refused readings."""
    door = RecordedDoor()
    session, measures = device_at(door, tmp_path)
    measures.begin(0.0)
    session.connect()
    readings = [Outgoing(number, float(number), 0, {}, b"{}") for number in range(Link.window + 2)]
    for outgoing in readings:
        session.submit(outgoing, outgoing.due)
    first = [f"reading {number}" for number in range(Link.window)]
    assert door.seen[1:] == first
    report(session, readings[3])
    assert door.seen[1:] == [*first, *[f"reading {Link.window}"][:sent]]
    assert session.unreported == len(readings) - sent
    own = measures.doors[DOOR]
    assert (own.acknowledged, own.refused) == counts
