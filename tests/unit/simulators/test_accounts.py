"""Each reading has one fate in the measures, whatever the order in which a door reports."""

from pathlib import Path

import pytest

from iotflow_simulators.doors.link import Outgoing, Problem
from iotflow_simulators.ledger.entries import Header
from iotflow_simulators.ledger.writer import LedgerWriter
from iotflow_simulators.running.accounts import Accounts
from iotflow_simulators.running.measures import DoorMeasures, Measures
from iotflow_simulators.running.reading_fates import ReadingFates
from iotflow_simulators.running.recent_errors import LONGEST_MESSAGE, MOST_REASONS, MOST_RECENT, OTHER


@pytest.fixture
def accounts(tmp_path: Path) -> Accounts:
    """Of one door."""
    door = DoorMeasures()
    ledger = LedgerWriter(tmp_path / "ledger", Header("test", 1, "", 0, 0, ""), [])
    measures = Measures({"mqtt": door})
    measures.begin(0.0)
    return Accounts(ledger, measures, door)


def leave(accounts: Accounts, count: int) -> list[Outgoing]:
    """Readings that leave the schedule, a tenth of a second late."""
    found = [Outgoing(number, float(number), 0, {}, b"{}") for number in range(count)]
    for outgoing in found:
        accounts.left(outgoing, outgoing.due + 0.1)
    return found


def test_fates_add_up(accounts: Accounts) -> None:
    first, second, third, fourth, fifth = leave(accounts, 5)
    accounts.acknowledged(first, 0.5)
    accounts.acknowledged(second, 3.0)
    accounts.refused_late(0, second.number, "BAD", "", 3.5)
    accounts.refused(0, third, "WORSE", "", 3.5)
    accounts.dropped(fourth)
    accounts.refused_value(0, fifth.number, "BAD", "temperature", "", 3.5)
    own, whole = accounts.own, accounts.measures.timeline.between(0, 10)
    assert (own.due, own.acknowledged, own.refused, own.unknown, own.dropped) == (5, 2, 2, 2, 1)
    assert (whole.due, whole.stored, whole.refused, whole.dropped, whole.open) == (5, 1, 2, 1, 1)
    assert accounts.measures.timeline.between(1, 2).latency.highest == 2.0
    assert accounts.measures.lag.quantile(0.5) == pytest.approx(0.1, rel=0.1)
    accounts.ledger.close()


def test_the_rate_is_that_of_the_schedule(accounts: Accounts) -> None:
    """Answers after it do not make the service look faster or slower."""
    first, second = leave(accounts, 2)
    accounts.acknowledged(first, 0.5)
    accounts.measures.end()
    seconds, share = accounts.measures.seconds, accounts.measures.processor_share
    accounts.acknowledged(second, 9.0)
    assert (accounts.own.in_time, accounts.own.acknowledged) == (1, 2)
    assert (accounts.measures.seconds, accounts.measures.processor_share) == (seconds, share)
    accounts.ledger.close()


def test_reasons_of_lost_connections_are_bounded(accounts: Accounts) -> None:
    for number in range(MOST_REASONS + 10):
        accounts.lost(7, Problem(f"REASON_{number}", "x" * 1_000), 0.0)
    accounts.lost(8, Problem("REASON_0", "again"), 2.0)
    assert len(accounts.measures.errors.problems) == MOST_REASONS + 1
    assert (accounts.measures.errors.problems["REASON_0"], accounts.measures.errors.problems[OTHER]) == (2, 10)
    assert accounts.own.lost_connections == MOST_REASONS + 11
    recent = accounts.measures.errors.recent
    assert (len(recent), recent[-1]) == (MOST_RECENT, (2.0, 8, "REASON_0", "again"))
    assert len(recent[0].message) == LONGEST_MESSAGE
    accounts.ledger.close()


def test_a_reading_that_is_refused_twice_counts_once(accounts: Accounts) -> None:
    fates = ReadingFates(0, accounts, 0)
    (outgoing,) = leave(accounts, 1)
    fates.submit(outgoing, 0.0)
    fates.outbox.take(1)
    assert fates.refused(0, "MQTT_0x99", "", "", 0.1)
    assert not fates.refused(0, "INVALID_PAYLOAD", "", "", 0.2)
    assert accounts.own.refused == 1
    assert accounts.measures.errors.refusals == {"MQTT_0x99": 1}
    accounts.ledger.close()


@pytest.mark.parametrize("number", [-1, 1, 2**70])
def test_a_refusal_of_a_reading_that_was_not_sent_changes_nothing(accounts: Accounts, number: int) -> None:
    fates = ReadingFates(0, accounts, 0)
    (outgoing,) = leave(accounts, 1)
    fates.submit(outgoing, 0.0)
    assert not fates.refused(number, "BAD", "", "", 0.1)
    assert not fates.refused(number, "BAD", "temperature", "", 0.1)
    assert (accounts.own.refused, accounts.measures.errors.refusals) == (0, {})
    accounts.ledger.close()
