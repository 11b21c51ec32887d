"""Comparison of the results of a store with the model of a device."""

from typing import Any

import pytest

from iotflow_server.telemetry.ports import Span, TelemetryStore
from tests.contract.model import Model
from tests.contract.readings import cells, chunks, contents_of


async def check_reading(store: TelemetryStore, device_id: int, model: Model, span: Span, chunk_rows: int) -> None:
    forward = await chunks(store, device_id, span, chunk_rows=chunk_rows)
    backward = await chunks(store, device_id, span, chunk_rows=chunk_rows, newest_first=True)
    times = sorted({time for _, time in model.within(span)})
    assert [time for chunk in forward for time in chunk.times.tolist()] == times
    assert [time for chunk in backward for time in chunk.times.tolist()] == times[::-1]
    for read in (forward, backward):
        assert contents_of(read) == model.within(span)
        for chunk in read:
            assert 1 <= len(chunk.times) <= chunk_rows
            assert [one.measurement for one in chunk.columns] == sorted({one.measurement for one in chunk.columns})
            assert all(one.present for one in chunk.columns)
            assert all(one.type is model.types[one.measurement] for one in chunk.columns)
            assert all(one.values.dtype == one.type.dtype for one in chunk.columns)


async def check_latest(store: TelemetryStore, device_id: int, model: Model) -> None:
    found = (await store.latest([device_id])).get(device_id, ())
    assert [one.column.measurement for one in found] == sorted(model.latest())
    assert {one.column.measurement: (one.time, cells(one.column)[0]) for one in found} == model.latest()


def check_figures(model: Model, span: Span, window: int, found: dict[tuple[str, str], dict[int, Any]]) -> None:
    expected = model.figures(span, window)
    had = {start for by_start in expected.values() for start, figure in by_start.items() if figure is not None}
    for key, by_start in found.items():
        assert list(by_start) == sorted(had)
        absent = 0 if key[1] == "count" else None
        for start, figure in by_start.items():
            wanted = expected.get(key, {}).get(start, absent)
            # The last digits of a sum of doubles depend on their order.
            loose = key[1] in ("sum", "avg", "stddev") and wanted is not None
            rest = 1e-9 * largest(model, key[0]) if loose else 0
            assert figure == (pytest.approx(wanted, rel=1e-9, abs=rest) if loose else wanted)
    assert {
        key for key, by_start in expected.items() if any(figure is not None for figure in by_start.values())
    } <= set(found)


def largest(model: Model, measurement: str) -> float:
    """The largest absolute value of a measurement."""
    numbers = [value for (name, _), value in model.values.items() if name == measurement]
    return max(abs(float(number)) for number in numbers)
