"""Ordinary readings are decoded in a shorter way. A reading with metadata is not ordinary, and metadata that is null changes nothing."""

from typing import Any

import orjson
from hypothesis import example, given
from hypothesis import strategies as st

from iotflow.readings import LONGEST_NAME, InvalidReading, decode, document

NOW = 1_769_860_800_000
MOST = 4
NAMES = st.text(max_size=3) | st.sampled_from(["data", "ts", "readings", "api_key", "n" * LONGEST_NAME, "n" * 129])
NUMBERS = st.floats(allow_nan=False) | st.integers(-(2**63), 2**64 - 1) | st.sampled_from([2**53, 2.0**63, -(2.0**63)])
VALUES = NUMBERS | st.booleans() | st.none() | st.text(max_size=3) | st.lists(st.integers(), max_size=1)
TIMES: st.SearchStrategy[Any] = (
    st.integers(-(10**15), 10**15)
    | st.sampled_from([10**12 - 1, 10**12, 10**13 - 1, 10**13, 1_769_860_800, "now", "", "-1h", 5, None, True, {}])
    | NUMBERS
)
TIMED = st.fixed_dictionaries({}, optional={"timestamp": TIMES, "ts": TIMES})
DATA = st.dictionaries(NAMES, VALUES, max_size=MOST + 1)
READINGS = st.one_of(
    st.tuples(TIMED, DATA).map(lambda one: one[0] | {"data": one[1]}),
    st.tuples(TIMED, DATA).map(lambda one: one[1] | one[0]),
    st.dictionaries(NAMES, VALUES | DATA, max_size=MOST),
)
# What is decoded, or the reason of the rejection.
Outcome = tuple[Any, ...]


def outcome(content: object) -> Outcome:
    payload = orjson.dumps(content, option=orjson.OPT_NON_STR_KEYS)
    try:
        decoded = decode(payload, document(payload), NOW, MOST)
    except InvalidReading as problem:
        return (described(problem),)
    return (
        decoded.readings,
        [list(one.values) for one in decoded.readings],
        [[type(value) for value in one.values.values()] for one in decoded.readings],
        [described(problem) for problem in decoded.problems],
        [described(notice) for notice in decoded.notices],
    )


def described(problem: InvalidReading) -> tuple[str, str, str, str, int | None]:
    return problem.reason, problem.message, problem.field, problem.measurement, problem.index


def storable(content: object) -> bool:
    try:
        orjson.dumps(content)
    except orjson.JSONEncodeError:
        # A surrogate, or an integer of more than 64 bits.
        return False
    return True


@given(READINGS.filter(storable))
@example({"data": {"a": 1, "b": 2.5, "c": True, "d": "x"}, "timestamp": 1_769_860_800_123})
@example({"data": {}})
@example({"data": {"a": None}})
@example({"a": 1, "ts": 1_769_860_800})
def test_a_reading_is_decoded_as_one_with_metadata(content: dict[str, Any]) -> None:
    assert outcome(content) == outcome(content | {"metadata": None})


@given(st.lists(READINGS.filter(storable), min_size=1, max_size=3))
def test_a_list_is_decoded_as_one_with_metadata(content: list[dict[str, Any]]) -> None:
    assert outcome(content) == outcome([one | {"metadata": None} for one in content])
