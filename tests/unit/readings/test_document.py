"""A NaN is found at any position, in time and memory proportional to the payload."""

import tracemalloc

import pytest

from iotflow.readings import InvalidReading, document

LONG = b'{"%s":' % (b"n" * 190)


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        (b"NaN", ""),
        (b'{"data":{"t":NaN}}', "data.t"),
        (b'{"a":[],"b":{},"data":{"t":[1,{"x":[[-Infinity]]}]}}', "data.t[1].x[0][0]"),
        (b'[{"data":{"t":1}},{"data":{"u":Infinity}}]', "[1].data.u"),
        (b'{"":NaN}', ""),
    ],
)
def test_the_error_names_the_position_of_a_nan(payload: bytes, field: str) -> None:
    with pytest.raises(InvalidReading, match="is not JSON") as refused:
        document(payload)
    assert refused.value.field == field


@pytest.mark.parametrize(
    "payload",
    [
        LONG * 100 + b"[" + b"[]," * 20_000 + b"NaN]" + b"}" * 100,
        b"[" * 90_000 + b"NaN",
        b'{"a":' * 40_000 + b"NaN",
        b"[" + b"NaN," * 50_000 + b"1]",
    ],
    ids=["many places", "deep lists", "deep objects", "many of them"],
)
def test_memory_is_proportional_to_the_payload(payload: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(InvalidReading):
            document(payload)
        assert tracemalloc.get_traced_memory()[1] < 100 * len(payload)
    finally:
        tracemalloc.stop()
