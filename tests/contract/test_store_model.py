"""After any sequence of writes, the store behaves like a dictionary."""

from itertools import count
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iotflow.words import Aggregation
from iotflow_server.telemetry.batch import Batch, ValueType
from iotflow_server.telemetry.ports import Span, TelemetryStore
from tests.contract.agreement import check_figures, check_latest, check_reading
from tests.contract.model import Model
from tests.contract.readings import batch, column, table

NUMBERS = st.sampled_from([0, 1, -3, 7, 100_000, -(2**31), 2**31 - 1])
VALUES: dict[ValueType, st.SearchStrategy[Any]] = {
    ValueType.DOUBLE: NUMBERS.map(float) | st.sampled_from([0.1, 2.5, -0.0, 2.0**31, 1e15]),
    ValueType.FLOAT: st.sampled_from([0.0, 2.5, -7.0, 16777216.0, 0.5]),
    ValueType.INT64: NUMBERS | st.sampled_from([2**53 + 1, -(2**53) - 1, 2**31]),
    ValueType.INT32: NUMBERS,
    ValueType.BOOLEAN: st.booleans(),
    ValueType.TEXT: st.text(st.characters(codec="utf-8"), max_size=3),
}
TIMES = st.integers(-30, 30)
SPANS = st.tuples(TIMES, TIMES).map(lambda ends: Span(*ends)) | st.just(Span())

_device_ids = count(1)


@st.composite
def batches(draw: st.DrawFn) -> Batch:
    times = draw(st.lists(TIMES, min_size=1, max_size=8))
    shapes = draw(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(ValueType)), min_size=1, max_size=4))
    columns = [
        column(name, kind, draw(st.lists(st.none() | VALUES[kind], min_size=len(times), max_size=len(times))))
        for name, kind in shapes
    ]
    return batch(0, times, *columns, atomic=draw(st.booleans()))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    groups=st.lists(st.lists(batches(), max_size=3), max_size=4),
    deleted=st.none() | SPANS,
    span=SPANS,
    window=st.integers(1, 25),
    chunk_rows=st.integers(1, 7),
)
async def test_the_store_behaves_like_a_dictionary(
    store: TelemetryStore, groups: list[list[Batch]], deleted: Span | None, span: Span, window: int, chunk_rows: int
) -> None:
    device_id, model = next(_device_ids), Model()
    for group in groups:
        written = [Batch(device_id, one.times, one.columns, one.atomic) for one in group]
        for one, rejections in zip(written, await store.write(written), strict=True):
            refused = {(run.measurement, run.index + step) for run in rejections for step in range(run.count)}
            assert refused == model.write(one)
    if deleted is not None:
        model.delete(deleted)
        await store.delete(device_id, deleted)
    assert await store.measurements(device_id) == dict(sorted(model.types.items()))
    await check_reading(store, device_id, model, span, chunk_rows)
    await check_latest(store, device_id, model)
    assert await store.count(device_id, span) == len({time for _, time in model.within(span)})
    check_figures(model, span, window, table(await store.aggregate(device_id, span, window, list(Aggregation))))
