"""Live readings are joined, divided, and encoded as entries without changing the rows of a device or their order."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from iotflow_server.cluster.live import entries
from iotflow_server.cluster.live.entries import EntryHead, RemoteDevice, body, entry, grouped, head_of, readings_in
from iotflow_server.telemetry.batch import Batch, Column, ValueType
from iotflow_server.telemetry.live import LiveReadings
from iotflow_server.telemetry.live.pieces import joined, pieces

NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
# Few measurements and types, so that batches with equal columns are frequent.
SHAPES = st.lists(
    st.sampled_from([("a", ValueType.DOUBLE), ("b", ValueType.INT64), ("b", ValueType.TEXT)]), min_size=1, max_size=4
)
Rows = dict[int, list[tuple[int, list[tuple[str, str, Any]]]]]


@st.composite
def tellings(draw: st.DrawFn) -> LiveReadings:
    device_id = draw(st.integers(1, 4))
    rows = draw(st.integers(1, 5))
    columns = tuple(_column(draw, name, kind, rows) for name, kind in draw(SHAPES))
    times = np.array(_bytes(draw, rows), np.int64)
    return LiveReadings(RemoteDevice(device_id, draw(NAMES), draw(NAMES)), Batch(device_id, times, columns))


def _column(draw: st.DrawFn, name: str, kind: ValueType, rows: int) -> Column:
    numbers = _bytes(draw, rows)
    held = [str(number) for number in numbers] if kind is ValueType.TEXT else numbers
    valid = np.array(_bytes(draw, rows)) % 2 == 1 if draw(st.booleans()) else None
    return Column(name, kind, np.array(held, kind.dtype), valid)


def _bytes(draw: st.DrawFn, count: int) -> list[int]:
    """Small numbers; one draw takes far less time than one for each."""
    return list(draw(st.binary(min_size=count, max_size=count)))


def rows_of(live: Sequence[LiveReadings]) -> Rows:
    """The rows of each device in order, with their values."""
    rows: Rows = defaultdict(list)
    for one in live:
        for row, time in enumerate(one.batch.times.tolist()):
            present = [column for column in one.batch.columns if column.valid is None or column.valid[row]]
            values = [(column.measurement, column.type.value, column.values[row]) for column in present]
            rows[one.batch.device_id].append((time, values))
    return rows


@given(st.lists(tellings(), max_size=12))
def test_joining_and_dividing_keeps_rows_and_order(live: list[LiveReadings]) -> None:
    together = joined(live)
    assert rows_of(together) == rows_of(live)
    cut = [piece for one in together for piece in pieces(one, 2)]
    assert rows_of(cut) == rows_of(live)
    assert all(len(piece.batch.times) <= 2 for piece in cut)


@given(st.lists(tellings(), max_size=12))
def test_entries_are_decoded_unchanged(live: list[LiveReadings]) -> None:
    head = EntryHead(b"0123456789abcdef", 7, 2**40, 3)
    carried = []
    for group in grouped(live):
        payload = entry(head, body(group))
        assert head_of(payload) == head
        carried += readings_in(payload)
        assert sorted(map(_source, carried[-len(group) :])) == sorted(map(_source, group))
    assert rows_of(carried) == rows_of(live)


def _source(live: LiveReadings) -> tuple[int, str, str]:
    return live.source.id, live.source.name, live.source.device_type


def test_entries_are_bounded_and_share_columns_of_many_devices() -> None:
    wide = Batch(1, np.arange(10_000), tuple(Column(f"m{n}", ValueType.DOUBLE, np.zeros(10_000)) for n in range(20)))
    fleet = [
        LiveReadings(
            RemoteDevice(number, "", ""), Batch(number, np.arange(1), (Column("m", ValueType.DOUBLE, np.zeros(1)),))
        )
        for number in range(2, 1_000)
    ]
    payloads = [body(group) for group in grouped([LiveReadings(RemoteDevice(1, "", ""), wide), *fleet])]
    assert len(payloads) >= 6
    assert max(map(len, payloads)) < 1.2 * entries.ENTRY_BYTES
    (alone,) = [body(group) for group in grouped(fleet)]
    assert len(alone) < 40 * len(fleet)
