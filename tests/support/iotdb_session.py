"""A session that answers statements from memory, as IoTDB does."""

import re
from collections.abc import Callable, Mapping

import numpy as np

from iotflow_server.telemetry.batch import ValueType
from iotflow_server.telemetry.stores.iotdb.blocks import QueryResult, ResultColumn
from iotflow_server.telemetry.stores.iotdb.session import IotdbSession

_READ = re.compile(r"SELECT (.+) FROM (\S+) (?:WHERE (.+?) )? ?ORDER BY TIME (ASC|DESC) LIMIT (\d+)")


def int64s(values: list[int | None]) -> ResultColumn:
    """A column of a result; None: no value."""
    held = np.array([value or 0 for value in values], np.int64)
    return ResultColumn(ValueType.INT64, held, np.array([value is not None for value in values], np.bool_))


class MemorySession(IotdbSession):
    """Calls `result` for each query, and records all statements."""

    def __init__(self, result: Callable[[str], QueryResult]) -> None:
        self._result = result
        self.statements: list[str] = []

    def query(self, statement: str) -> QueryResult:
        self.statements.append(statement)
        return self._result(statement)

    def query_after(self, before: str, statement: str) -> tuple[QueryResult | None, QueryResult]:  # noqa: ARG002
        """The first statement is rejected: nothing is known about the order of the rows."""
        return None, self.query(statement)

    def execute(self, statement: str) -> None:
        self.statements.append(statement)

    def execute_all(self, statements: list[str]) -> None:
        assert statements, "a call without statements"
        self.statements += statements


def read(rows: Mapping[int, Mapping[str, int]], statement: str) -> QueryResult:
    """The rows that the statement selects from those of one device, by time; it reads whole numbers in the order of time."""
    matched = _READ.fullmatch(statement)
    assert matched, statement
    columns, path, bounds, order, limit = matched.groups()
    names = [name.strip("`") for name in columns.split(", ")]
    first, end = (re.search(rf"time {sign} (-?\d+)", bounds or "") for sign in (">=", "<"))
    times = [
        time
        for time in sorted(rows, reverse=order == "DESC")
        if not rows[time].keys().isdisjoint(names)
        and (not first or time >= int(first[1]))
        and (not end or time < int(end[1]))
    ][: int(limit)]
    found = {f"{path}.{name}": int64s([rows[time].get(name) for time in times]) for name in names}
    return QueryResult(np.array(times, np.int64), found)
