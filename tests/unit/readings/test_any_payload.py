"""Every payload is decoded or rejected, without any other exception."""

import contextlib

import orjson
from hypothesis import given
from hypothesis import strategies as st

from iotflow.readings import InvalidReading, InvalidTime, decode, document, parse_time

NOW = 1_769_860_800_000
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=16,
)
WRITTEN = st.text() | st.from_regex(r"[-+]{0,2}\d{1,400}") | st.from_regex(r"[-+\d:.TZz]{1,30}", fullmatch=True) | JSON
READING = st.fixed_dictionaries({"data": JSON}, optional={"metadata": JSON, "timestamp": WRITTEN})
READINGS = st.lists(READING, max_size=4) | JSON


@given(READINGS)
def test_every_list_of_readings_is_decoded_or_rejected(content: object) -> None:
    """Each reading of a list is stored, or named in a problem; a value or two may be missing of one that is stored."""
    try:
        payload = orjson.dumps(content)
    except orjson.JSONEncodeError:
        # A surrogate.
        return
    with contextlib.suppress(InvalidReading):
        decoded = decode(payload, document(payload), NOW)
        assert all(reading.values for reading in decoded.readings)
        named = {problem.index or 0 for problem in decoded.problems}
        stored = [reading.index for reading in decoded.readings]
        assert named | set(stored) == set(range(len(content) if isinstance(content, list) else 1))
        assert len(stored) == len(set(stored))


@given(WRITTEN)
def test_every_time_is_decoded_or_rejected(written: object) -> None:
    with contextlib.suppress(InvalidTime):
        assert isinstance(parse_time(written, NOW), int)


@given(
    st.binary() | st.text().map(str.encode) | st.sampled_from([b"[", b'{"a":', b"NaN,"]).map(lambda part: part * 2_000)
)
def test_any_bytes_are_decoded_or_rejected(payload: bytes) -> None:
    with contextlib.suppress(InvalidReading):
        decode(payload, document(payload), NOW)
