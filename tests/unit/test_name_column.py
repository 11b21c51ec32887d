"""The search for a part of a name: all ways of searching find what Python's `in` finds."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotflow_server.devices.index.name_column import NameColumn

# Few characters, so that parts occur, also across the end of a name; two of them share bytes in UTF-8.
LETTERS = "abé語誊"
NAMES = st.lists(st.text(LETTERS, max_size=5), min_size=1, max_size=300)
COUNTED = [f"device-{number:04d}" for number in range(2_000)]


def containing(names: Sequence[str], part: str) -> list[int]:
    """The places of the names that contain the part, as the column finds them."""
    found = NameColumn(names).containing(part)
    assert len(found) == len(names)
    return [int(place) for place in found.nonzero()[0]]


def expected(names: Sequence[str], part: str) -> list[int]:
    return [place for place, name in enumerate(names) if part in name]


@given(NAMES, st.text(LETTERS, min_size=1, max_size=6))
def test_the_same_names_are_found_as_by_python(names: list[str], part: str) -> None:
    assert containing(names, part) == expected(names, part)


@pytest.mark.parametrize(
    "part",
    [
        "device-",
        "e",
        "0",
        "00",
        "000",
        "1999",
        "-1",
        "9device",
        "zz",
        "evice-00",
        "device-0001",
        "device-00012",
        "0device-0",
    ],
)
def test_frequent_and_rare_parts_are_found(part: str) -> None:
    assert containing(COUNTED, part) == expected(COUNTED, part)


@pytest.mark.parametrize("names", [["", "", ""], ["a"], ["", "ab", ""], ["ab", "a"], ["a", "b"]])
@pytest.mark.parametrize("part", ["a", "ab", "abc", "ba", "b"])
def test_empty_and_short_names(names: list[str], part: str) -> None:
    assert containing(names, part) == expected(names, part)


def test_names_come_back_by_place() -> None:
    assert NameColumn(["b", "", "語"]).to_list() == ["b", "", "語"]
