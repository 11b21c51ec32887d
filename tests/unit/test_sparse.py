"""Values by row become batches of proportional size, and none is lost or moved."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotflow_server.telemetry.batch import ValueType
from iotflow_server.telemetry.reading_cells import Cells, batches

LIMIT = 1_000_000
DOUBLE, TEXT = ValueType.DOUBLE, ValueType.TEXT


def cells_of(rows: list[list[int]]) -> Cells:
    """Row i has a value in each of its columns; the value identifies its position."""
    cells: Cells = {}
    for row, columns in enumerate(rows):
        for number in columns:
            key = (f"m{number}", TEXT if number % 2 else DOUBLE)
            places, values = cells.setdefault(key, ([], []))
            places.append(row)
            values.append(f"{row}" if number % 2 else float(row))
    return cells


def contents(rows: int, cells: Cells, most: int = LIMIT) -> set[tuple[int, str, float]]:
    """The values of all batches by row and measurement."""
    found = set()
    for first, batch in batches(1, np.arange(rows), cells, most):
        assert batch.times[0] == first
        for column in batch.columns:
            assert column.present
            for index, value in enumerate(column.values):
                if column.valid is None or column.valid[index]:
                    found.add((first + index, column.measurement, float(value)))
    return found


@given(st.lists(st.lists(st.integers(0, 40), max_size=6, unique=True), min_size=1, max_size=60), st.integers(1, 400))
def test_every_value_keeps_its_position_for_any_division_of_rows(rows: list[list[int]], most: int) -> None:
    expected = {(row, f"m{number}", float(row)) for row, columns in enumerate(rows) for number in columns}
    assert contents(len(rows), cells_of(rows), most) == expected


@pytest.mark.parametrize("own", [1, 5, 10, 15])
def test_rows_with_distinct_names_take_memory_proportional_to_their_values(own: int) -> None:
    rows = 2_000
    cells = cells_of([[row * own + number for number in range(own)] for row in range(rows)])
    held = sum(len(batch.times) * len(batch.columns) for _, batch in batches(1, np.arange(rows), cells, LIMIT))
    assert held < 100 * rows * own


def test_rows_of_the_same_names_stay_together() -> None:
    rows = [[number for number in range(50) if (row + number) % 3] for row in range(2_000)]
    assert len(list(batches(1, np.arange(2_000), cells_of(rows), LIMIT))) == 1


def test_no_batch_has_more_cells_than_the_limit() -> None:
    rows = [list(range(100))] * 1_000
    sizes = [(len(b.times), len(b.columns)) for _, b in batches(1, np.arange(1_000), cells_of(rows), 5_000)]
    assert sizes == [(50, 100)] * 20


def test_atomic_is_one_batch() -> None:
    cells = cells_of([[row] for row in range(1_000)])
    ((first, batch),) = batches(1, np.arange(1_000), cells, 5_000, atomic=True)
    assert (first, len(batch.columns), batch.atomic) == (0, 1_000, True)
