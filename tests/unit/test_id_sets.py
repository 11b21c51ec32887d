"""A set of ids that takes little memory."""

from hypothesis import given
from hypothesis import strategies as st

from iotflow_server.devices.imports.id_set import IdSet

IDS = st.sets(st.integers(1, 2**31 - 1) | st.integers(1, 3_000))


@given(st.lists(IDS), IDS)
def test_it_has_exactly_the_added_ids(added: list[set[int]], others: set[int]) -> None:
    found = IdSet()
    for ids in added:
        found.update(ids)
    expected = set().union(*added)
    assert {one for one in expected | others if one in found} == expected
