"""Time spans of devices: each moment is found in its span."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from iotflow_simulators.faults.occurrences import Spans

MOMENTS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 60)), max_size=30)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 50), st.integers(1, 9)), max_size=12), MOMENTS)
def test_a_moment_is_found_in_the_span_that_has_it(
    parts: list[tuple[int, int, int]], moments: list[tuple[int, int]]
) -> None:
    chosen: list[tuple[int, int, int]] = []
    for device, start, length in sorted(parts):
        if not chosen or chosen[-1][0] != device or chosen[-1][2] <= start:
            chosen.append((device, start, start + length))
    spans = np.array(chosen, np.int64).reshape(-1, 3)
    places = np.array(moments, np.int64).reshape(-1, 2)
    found = Spans(spans[:, 0], spans[:, 1], spans[:, 2]).find(places[:, 0], places[:, 1]).tolist()
    assert found == [
        next((place for place, (one, begin, stop) in enumerate(chosen) if one == who and begin <= time < stop), -1)
        for who, time in moments
    ]
