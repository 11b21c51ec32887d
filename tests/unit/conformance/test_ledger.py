"""The ledger of added rows finds every difference from what is stored."""

import numpy as np
import pytest

from clients.conformance.ledger import Ledger, Rows, Series
from clients.conformance.matching import mismatch
from clients.conformance.waiting import ScenarioFailed


def stored(times: list[int], values: list[float]) -> Series:
    return {"level": (np.array(times, np.int64), np.array(values))}


@pytest.fixture
def ledger() -> Ledger:
    """Rows at 0, 10 and 20 with the values 1, 2 and 3; the last one was added again as 9."""
    ledger = Ledger()
    ledger.add(Rows(0, 10, 3, 1, ("level",)))
    ledger.add(Rows(20, 10, 1, 9, ("level",)))
    return ledger


def test_what_was_added_last_is_stored(ledger: Ledger) -> None:
    ledger.check(stored([0, 10, 20], [1, 2, 9]))


@pytest.mark.parametrize(
    ("times", "values", "complaint"),
    [
        ([0, 10], [1, 2], "2 values; 3 were added"),
        ([0, 10, 20], [1, 2, 3], "1 wrong values, the first at 20"),
        ([0, 10, 15, 20], [1, 2, 7, 9], "1 values that were not added, the first at 15"),
    ],
    ids=["lost", "wrong", "not added"],
)
def test_a_difference_is_named(ledger: Ledger, times: list[int], values: list[float], complaint: str) -> None:
    with pytest.raises(ScenarioFailed, match=complaint):
        ledger.check(stored(times, values))


def test_rows_that_may_be_missing_are_counted_exactly(ledger: Ledger) -> None:
    ledger.check(stored([0, 20], [1, 9]), missing=1)
    with pytest.raises(ScenarioFailed, match="3 were added and 2 of them may be missing"):
        ledger.check(stored([0, 20], [1, 9]), missing=2)


def test_certain_rows_must_be_present(ledger: Ledger) -> None:
    ledger.check_present(stored([0], [1]), slice(0, 1))
    with pytest.raises(ScenarioFailed, match="1 rows of level are lost, the first at 10"):
        ledger.check_present(stored([0], [1]), slice(0, 2))


@pytest.mark.parametrize(
    ("expected", "found", "complaint"),
    [
        ({"code": "A"}, {"code": "A", "more": 1}, ""),
        ({"code": "A"}, {"code": "B"}, "answer.code is 'B', and 'A' is expected."),
        ({"n": {"at_least": 2, "at_most": 3}}, {"n": 3}, ""),
        ({"n": {"at_least": 2}}, {"n": 1}, "answer.n is 1, and at least 2 is expected."),
        ({"n": {"at_most": 2}}, {"n": 3}, "answer.n is 3, and at most 2 is expected."),
        ({"n": {"one_of": [1, 2]}}, {"n": 3}, "answer.n is 3, and one of [1, 2] is expected."),
        ({"n": {"mentions": ["TLS", "SSL"]}}, {"n": "the tls failed"}, ""),
        ({"n": {"mentions": ["a", "b"]}}, {"n": "xy"}, "answer.n is 'xy', and one of ['a', 'b'] is expected in it."),
        ({"n": {"mentions": ["a"]}}, {}, "answer.n is None, and one of ['a'] is expected in it."),
        ({"n": {"at_least": 1}}, {}, "answer.n is None, and a number is expected."),
    ],
)
def test_answers_are_matched(expected: object, found: object, complaint: str) -> None:
    assert mismatch(expected, found) == complaint
