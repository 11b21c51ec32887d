"""Rejected values of many readings take little memory."""

from iotflow.readings import MOST_PROBLEMS, Decoded, InvalidReading, Reading, decode_items
from iotflow_server.telemetry.checks import Limits
from iotflow_server.telemetry.reading_cells import MOST_NAMED, cells_of

LIMITS = Limits(rows=10_000, columns=1_000, values=1_000_000, text_bytes=100, names=3)


def test_rejected_values_beyond_the_named_ones_are_counted() -> None:
    readings = [Reading(None, {f"r{row}_{name}": 1.0 for name in range(10)}, row) for row in range(2_000)]
    cells, rejections, more = cells_of(Decoded(readings), LIMITS)
    assert [name for name, _ in cells] == ["r0_0", "r0_1", "r0_2"]
    assert len(rejections) == MOST_NAMED
    assert len(rejections) + more == 20_000 - 3
    assert {item.reason for item in rejections} == {"TOO_MANY_NAMES"}


def test_texts_and_unreadable_values_beyond_the_named_ones_are_counted() -> None:
    problems = [
        InvalidReading("INVALID_VALUE", "too long", measurement="b", index=row) for row in range(MOST_NAMED - 1)
    ]
    readings = [Reading(None, {"a": "\0", "c": "text"}, row) for row in range(3)]
    cells, rejections, more = cells_of(Decoded(readings, problems), LIMITS)
    assert [item.reason for item in rejections[-2:]] == ["INVALID_VALUE", "INVALID_TEXT"]
    assert (len(rejections), more) == (MOST_NAMED, 2)
    assert [(name, rows) for (name, _), (rows, _) in cells.items()] == [("c", [0, 1, 2])]


def test_unreadable_values_are_kept_up_to_a_limit_and_counted_beyond() -> None:
    items = [{"data": {f"n{name}": float("inf") for name in range(100)}} for _ in range(200)]
    decoded = decode_items(items, 0)
    assert (len(decoded.problems), decoded.more_problems) == (MOST_PROBLEMS, 20_000 - MOST_PROBLEMS)
    _, rejections, more = cells_of(decoded, LIMITS)
    assert (len(rejections), more) == (MOST_NAMED, 20_000 - MOST_NAMED)


def test_a_name_counts_once_for_all_types_of_its_values() -> None:
    values: list[float | int | bool | str] = ["a", 1.0, 2**60, True]
    readings = [Reading(None, dict.fromkeys("abc", value), row) for row, value in enumerate(values)]
    cells, rejections, _ = cells_of(Decoded([*readings, Reading(None, {"d": 1.0, "a": 2.0}, 4)]), LIMITS)
    assert len(cells) == 3 * len(values)
    assert [(item.index, item.measurement) for item in rejections] == [(4, "d")]


def test_few_rejected_values_are_all_named() -> None:
    cells, rejections, more = cells_of(Decoded([Reading(None, {"a": 1.0, "b;c": 2.0}, 0)]), LIMITS)
    assert ([name for name, _ in cells], [item.measurement for item in rejections], more) == (["a"], ["b;c"], 0)
