"""Reading of one device in pages: every row once, in order, whatever the size of a page."""

import re
from functools import partial

import pytest

from iotflow_server.telemetry.batch import Batch
from iotflow_server.telemetry.ports import Span
from iotflow_server.telemetry.stores.iotdb.reading import ColumnQuery, page, query_for
from iotflow_server.telemetry.stores.iotdb.schema import Paths
from tests.contract.readings import BOOLEAN, DOUBLE, INT64, TEXT, Contents, batch, column, contents_of, doubles
from tests.support.iotdb_session import MemorySession, read

PATHS = Paths("root.iotflow")
TIMES = [-3, 0, 2, 5, 7, 8, 11]
ROWS = {time: {"m": time} for time in TIMES}
# Rows that lack one of the measurements, or both.
GAPS = {1: {"a": 1}, 2: {"b": 2}, 3: {"a": 3, "b": 3}, 4: {"c": 4}, 5: {"b": 5}, 6: {"a": 6}, 7: {"a": 7, "b": 7}}
MIB = 2**20


def asked(*measurements: str, rows: int, newest_first: bool = False) -> ColumnQuery:
    types = dict.fromkeys(measurements, INT64)
    return query_for(1, types, measurements, None, newest_first=newest_first, chunk_rows=rows)


def pages(session: MemorySession, query: ColumnQuery, span: Span, paths: Paths = PATHS) -> list[Batch]:
    """All pages of the span."""
    found: list[Batch] = []
    ahead: Span | None = span
    while ahead:
        one = page(session, paths, query, ahead)
        ahead = one.ahead
        found += [one.batch] if one.batch else []
        assert len(session.statements) < 100, "the pages do not end"
    return found


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("rows", [1, 2, 3, 6, 7, 8])
@pytest.mark.parametrize("span", [Span(), Span(-3, 12), Span(0, 11), Span(1, 8)], ids=str)
def test_pages_have_every_row_of_the_span_once_and_in_order(span: Span, rows: int, newest_first: bool) -> None:
    session = MemorySession(partial(read, ROWS))
    found = pages(session, asked("m", rows=rows, newest_first=newest_first), span)
    expected = sorted((time for time in TIMES if span.start <= time < span.end), reverse=newest_first)
    assert [one.times.tolist() for one in found] == [expected[at : at + rows] for at in range(0, len(expected), rows)]
    assert contents_of(found) == {("m", time): time for time in expected}
    assert all(column.valid is None for one in found for column in one.columns)


def test_a_page_has_no_column_of_a_measurement_without_values() -> None:
    session = MemorySession(partial(read, GAPS))
    (found,) = pages(session, asked("a", "b", rows=5), Span(1, 2))
    assert [one.measurement for one in found.columns] == ["a"]
    assert pages(session, asked("a", "b", rows=5), Span(8, 10)) == []


def test_a_page_with_fewer_rows_than_its_limit_is_the_last() -> None:
    session = MemorySession(partial(read, ROWS))
    assert page(session, PATHS, asked("m", rows=8), Span()).ahead is None
    assert page(session, PATHS, asked("m", rows=7), Span()).ahead == Span(12, Span().end)
    assert page(session, PATHS, asked("m", rows=7, newest_first=True), Span()).ahead == Span(Span().start, -3)


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("rows", range(1, 8))
def test_pages_of_measurements_that_take_several_statements_have_every_row(rows: int, newest_first: bool) -> None:
    session = MemorySession(lambda statement: read(GAPS, _with_order(statement)))
    paths = Paths("root.iotflow", statement_columns=1)
    found = pages(session, asked("a", "b", rows=rows, newest_first=newest_first), Span(0, 9), paths)
    expected: Contents = {(name, time): time for name in ("a", "b") for time, row in GAPS.items() if name in row}
    assert contents_of(found) == expected
    times = [time for one in found for time in one.times.tolist()]
    assert times == sorted({time for _, time in expected}, reverse=newest_first)
    assert max(len(one.times) for one in found) <= rows


def _with_order(statement: str) -> str:
    """The statement with the order that IoTDB has for one without an order."""
    return statement if "ORDER" in statement else f"{statement}ORDER BY TIME ASC LIMIT 1000"


@pytest.mark.parametrize(("measurements", "limit"), [(1, 1_000_000), (2, 500_000), (3, 333_333)])
def test_a_page_of_many_measurements_has_fewer_rows(measurements: int, limit: int) -> None:
    session = MemorySession(partial(read, {}))
    page(session, PATHS, asked(*(f"m{number}" for number in range(measurements)), rows=10**9), Span())
    assert [re.findall(r"LIMIT (\d+)", statement) for statement in session.statements] == [[str(limit)]]


@pytest.mark.parametrize("span", [Span(5, 5), Span(6, 5)])
def test_nothing_is_queried_for_an_empty_span_or_no_measurement(span: Span) -> None:
    session = MemorySession(partial(read, ROWS))
    assert pages(session, asked("m", rows=5), span) == []
    assert pages(session, asked(rows=5), Span()) == []
    assert session.statements == []


@pytest.mark.parametrize(
    ("types", "measurements", "rows"),
    [
        ({"m": DOUBLE, "n": BOOLEAN}, None, 1_000),
        ({"m": DOUBLE, "t": TEXT}, None, 100),
        ({"m": DOUBLE, "t": TEXT}, ["m"], 1_000),
        ({"m": DOUBLE}, ["m", "added just now"], 100),
    ],
)
def test_the_first_page_has_few_rows_if_it_may_have_texts(
    types: dict[str, object], measurements: list[str] | None, rows: int
) -> None:
    query = query_for(1, types, measurements, None, newest_first=False, chunk_rows=1_000)  # type: ignore[arg-type]
    assert query.rows == rows
    assert query_for(1, {"t": TEXT}, None, None, newest_first=False, chunk_rows=5).rows == 5


@pytest.mark.parametrize(
    ("before", "rows"),
    [
        (doubles(1, {1: 1.0}), 1_000),
        (batch(1, range(10), column("t", TEXT, ["x" * MIB] * 10)), 7),
        (batch(1, range(2), column("t", TEXT, ["x" * (8 * MIB - 16)] * 2)), 1),
        (batch(1, [1], column("t", TEXT, ["x" * 20 * MIB])), 1),
    ],
    ids=["numbers", "texts", "texts of a page", "longer texts"],
)
def test_the_next_page_has_as_many_rows_as_fit(before: Batch, rows: int) -> None:
    assert asked("t", rows=1_000).after(before).rows == rows
