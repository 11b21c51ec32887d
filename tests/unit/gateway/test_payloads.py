"""Whatever a device sends is understood or refused: nothing else may come of it."""

import contextlib

from hypothesis import given
from hypothesis import strategies as st

from iotflow_gateway.readings import readings
from iotflow_gateway.refusal import Refused
from iotflow_gateway.times import time_ms

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
)
WRITTEN = st.text() | st.from_regex(r"[-+]{0,2}\d{1,400}") | st.from_regex(r"[-+\d:.TZz]{1,30}", fullmatch=True) | JSON


@given(st.lists(st.fixed_dictionaries({"data": JSON}, optional={"metadata": JSON, "timestamp": WRITTEN})) | JSON)
def test_readings(content: object) -> None:
    with contextlib.suppress(Refused):
        taken, refused = readings(content)
        assert all(reading.values for reading in taken)
        listed = [one.index for one in refused if one.index is not None]
        assert sorted([*listed, *(one.index for one in taken)]) == list(range(len(taken) + len(refused)))


@given(WRITTEN)
def test_times(written: object) -> None:
    with contextlib.suppress(Refused):
        assert isinstance(time_ms(written), int)
