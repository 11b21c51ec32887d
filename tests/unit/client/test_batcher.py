"""Where the open batch ends, and what becomes of it."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotflow.batcher import Batcher, BatchLimits, Stored, split
from iotflow.batches import columns_of
from iotflow.clock import ServerClock
from iotflow.delivery import Delivery
from iotflow.errors import ServerError, queue_full
from iotflow.open_batch import OpenBatch, cells
from iotflow.v1.device_service_pb2 import SendHeartbeatResponse
from iotflow.v1.telemetry_pb2 import TelemetryBatch

PATIENCE = 5.0
# Sizes of the column `a` without rows, and of a row with a float in it.
COLUMN, ROW = 1 + 16, 8 + 8
MANY = 10**9
T0 = 1_700_000_000_000
TASK = "telemetry writer's open batch"


def row(value: Any = 1.5) -> dict[str, tuple[str, Any]]:
    return cells({"a": value})


def part(rows: int, **columns: Any) -> Any:
    return columns_of(range(rows), columns or {"a": np.arange(rows) / 2}, 0)


@given(st.integers(1, 300), st.integers(1, 50), st.integers(40, 2_000))
def test_columns_are_split_at_the_limits(rows: int, most_rows: int, most_bytes: int) -> None:
    limits = BatchLimits(most_rows, most_bytes)
    whole = part(rows, a=np.arange(rows) / 2, text=["x" * (row % 7) for row in range(rows)])
    pieces = list(split(whole, OpenBatch(), limits))
    assert np.concatenate([piece.times for piece in pieces]).tolist() == list(range(rows))
    for piece in pieces:
        assert len(piece.times) <= most_rows
        # Without its last row a piece is below the limit.
        assert len(piece.times) == 1 or int(piece.sizes[:-1].sum()) < most_bytes


@pytest.mark.parametrize(
    ("rows", "opened", "limits", "pieces"),
    [
        # By rows.
        (1, 0, (5, MANY), [1]),
        (4, 0, (5, MANY), [4]),
        (5, 0, (5, MANY), [5]),
        (6, 0, (5, MANY), [5, 1]),
        (15, 0, (5, MANY), [5, 5, 5]),
        (3, 0, (1, MANY), [1, 1, 1]),
        (9, 2, (5, MANY), [3, 5, 1]),
        (9, 4, (5, MANY), [1, 5, 3]),
        # By bytes: the row that reaches the limit is the last one.
        (9, 0, (MANY, COLUMN + 3 * ROW), [3, 3, 3]),
        (9, 0, (MANY, COLUMN + 3 * ROW - 1), [3, 3, 3]),
        (9, 0, (MANY, COLUMN + 3 * ROW + 1), [4, 4, 1]),
        (3, 0, (MANY, COLUMN), [1, 1, 1]),
        (3, 0, (MANY, 1), [1, 1, 1]),
        (7, 2, (MANY, COLUMN + 3 * ROW + COLUMN), [1, 5, 1]),
        (7, 1, (MANY, COLUMN + 3 * ROW + COLUMN), [2, 5]),
        # By what comes first.
        (9, 0, (2, COLUMN + 3 * ROW), [2, 2, 2, 2, 1]),
        (9, 0, (4, COLUMN + 3 * ROW), [3, 3, 3]),
    ],
)
def test_a_piece_ends_exactly_at_a_limit(rows: int, opened: int, limits: tuple[int, int], pieces: list[int]) -> None:
    batch = OpenBatch()
    for time in range(opened):
        batch.add_row(time, 0, row())
    assert [len(piece.times) for piece in split(part(rows), batch, BatchLimits(*limits))] == pieces


def test_pieces_count_the_names_of_all_columns() -> None:
    columns = {"a": np.zeros(4), "bcd": np.zeros(4)}
    limit = (1 + 16) + (3 + 16) + 2 * (8 + 8 + 8)
    assert [len(piece.times) for piece in split(part(4, **columns), OpenBatch(), BatchLimits(MANY, limit))] == [2, 2]
    assert [len(piece.times) for piece in split(part(4, **columns), OpenBatch(), BatchLimits(MANY, limit + 1))] == [
        3,
        1,
    ]


def test_a_batch_ends_after_a_thousand_rows_256_kib_or_a_second_by_default() -> None:
    assert BatchLimits() == BatchLimits(1_000, 262_144, 1.0)


class Timer:
    """A timer that the test lets expire."""

    def __init__(self, seconds: float, callback: Callable[..., object], *arguments: object) -> None:
        self.seconds = seconds
        self._callback = callback
        self._arguments = arguments
        self._is_cancelled = False

    def cancel(self) -> None:
        self._is_cancelled = True

    def expire(self) -> None:
        if not self._is_cancelled:
            self._callback(*self._arguments)


@pytest.fixture
async def timers(monkeypatch: pytest.MonkeyPatch) -> list[Timer]:
    """All timers that are made in the loop."""
    made = list[Timer]()

    def call_later(*arguments: Any) -> Timer:
        made.append(Timer(*arguments))
        return made[-1]

    monkeypatch.setattr(asyncio.get_running_loop(), "call_later", call_later)
    return made


class Put:
    """Accepts ended batches, once it may, with as many futures as there were batches; or raises the next error.

    batches: the values of each. calls: their number, also of those that failed.
    """

    def __init__(self) -> None:
        self.batches: list[list[float]] = []
        self.times: list[list[int]] = []
        self.stored: list[Stored] = []
        self.errors: list[Exception] = []
        self.calls = 0
        self.may_put = asyncio.Event()
        self.may_put.set()

    async def put(self, batch: TelemetryBatch) -> list[Stored]:
        self.calls += 1
        await self.may_put.wait()
        if self.errors:
            raise self.errors.pop(0)
        self.batches.append([value for column in batch.columns for value in (*column.doubles, *column.int64s)])
        self.times.append(list(batch.timestamps))
        self.stored.append(asyncio.get_running_loop().create_future())
        return self.stored[-1:]


def batcher_of(
    put: Put,
    rows: int = MANY,
    size: int = MANY,
    *,
    clock: Any = None,
    waits: bool = True,
    delivery: Delivery | None = None,
) -> Batcher:
    """A batcher of batches with these limits."""
    return Batcher(
        BatchLimits(rows, size, 7.5),
        clock or ServerClock(),
        waits_for_time=waits,
        put=put.put,
        delivery=Delivery(1) if delivery is None else delivery,
    )


def aging() -> "list[asyncio.Task[Any]]":
    """Tasks that end a batch by its age."""
    return [task for task in asyncio.all_tasks() if task.get_name() == TASK]


@pytest.fixture
def put() -> Put:
    return Put()


@pytest.mark.parametrize(
    ("limits", "rows"), [((2, MANY), 2), ((300, MANY), 300), ((MANY, COLUMN + ROW), 1), ((MANY, COLUMN + ROW + 1), 2)]
)
async def test_rows_end_their_batch_exactly_at_a_limit(put: Put, limits: tuple[int, int], rows: int) -> None:
    batcher = batcher_of(put, *limits)
    for number in range(1, rows):
        assert await batcher.add(row(), number, 0) == []
        assert (batcher.is_full, batcher.is_empty, put.calls) == (False, False, 0)
    assert await batcher.add(row(), rows, 0) == put.stored
    assert (batcher.is_full, batcher.is_empty, put.times) == (False, True, [list(range(1, rows + 1))])


@pytest.mark.parametrize(
    ("limits", "rows"), [((2, MANY), 2), ((300, MANY), 300), ((MANY, COLUMN + ROW), 1), ((MANY, COLUMN + ROW + 1), 2)]
)
async def test_rows_that_are_added_at_once_fill_the_batch_and_do_not_end_it(
    put: Put, limits: tuple[int, int], rows: int
) -> None:
    batcher = batcher_of(put, *limits)
    assert not batcher.add_at_once(row(), 1, 0)
    assert (batcher.is_full, batcher.is_empty) == (False, True)
    stored = await batcher.add(row(), 1, 0)
    for number in range(2, rows + 1):
        assert not batcher.is_full
        assert batcher.add_at_once(row(), number, 0)
    assert batcher.is_full is (rows > 1)
    assert not batcher.add_at_once(row(), rows + 1, 0)
    stored += await batcher.finish_full()
    assert (stored, put.times, batcher.is_empty) == (put.stored, [list(range(1, rows + 1))], True)


async def test_a_row_is_added_at_once_only_where_it_fits_and_nothing_waits(put: Put) -> None:
    batcher = batcher_of(put)
    await batcher.add(row(), 1, 5)
    assert batcher.add_at_once(row(7), 2, 5) is False
    assert batcher.add_at_once(row(), 2, 0) is False
    assert batcher.add_at_once({}, 2, 5) is False
    async with batcher.lock:
        assert batcher.add_at_once(row(), 2, 5) is False
    assert batcher.add_at_once(row(), 3, 6) is True
    assert await batcher.finish() == put.stored
    assert put.times == [[1, 3]]


async def test_a_row_that_does_not_fit_ends_the_batch_before_it(put: Put) -> None:
    batcher = batcher_of(put, 3)
    await batcher.add(row(1.5), 1, 0)
    assert await batcher.add(row(2), 2, 0) == put.stored
    assert await batcher.add(row(3), 3, 5) == put.stored[1:]
    assert (put.times, batcher.is_empty) == ([[1], [2]], False)
    # One batch ends before the row and another one with it.
    one = batcher_of(put, 1)
    assert len(await one.add(row(1.5), 4, 0)) == 1
    assert put.times == [[1], [2], [4]]


async def test_a_full_batch_ends_before_the_next_row(put: Put) -> None:
    put.errors = [queue_full("full")]
    batcher = batcher_of(put, 1)
    with pytest.raises(ServerError, match="full"):
        await batcher.add(row(), 1, 0)
    assert (batcher.is_full, batcher.is_empty, put.calls) == (True, False, 1)
    assert not batcher.add_at_once(row(), 2, 0)
    assert await batcher.add(row(), 2, 0) == put.stored
    assert (len(put.stored), put.times) == (2, [[1], [2]])


async def test_a_row_without_values_is_left_out_and_ends_a_full_batch(put: Put) -> None:
    batcher = batcher_of(put, 1)
    assert await batcher.add({}, 1, 0) == []
    assert batcher.is_empty
    put.errors = [queue_full("full")]
    with pytest.raises(ServerError):
        await batcher.add(row(), 2, 0)
    assert await batcher.add({}, 3, 0) == put.stored
    assert (put.times, batcher.is_empty) == ([[2]], True)


async def test_nothing_ends_where_no_batch_is_open(put: Put) -> None:
    batcher = batcher_of(put)
    assert await batcher.finish() == await batcher.finish_full() == []
    assert (batcher.is_empty, put.calls) == (True, 0)


@pytest.mark.parametrize(
    ("before", "rows", "limits", "batches", "is_empty"),
    [
        (0, 3, (5, MANY), [], False),
        (0, 5, (5, MANY), [5], True),
        (0, 7, (5, MANY), [5], False),
        (0, 15, (5, MANY), [5, 5, 5], True),
        (2, 3, (5, MANY), [5], True),
        (2, 2, (5, MANY), [], False),
        (2, 9, (5, MANY), [5, 5], False),
        (0, 9, (MANY, COLUMN + 3 * ROW), [3, 3, 3], True),
        (2, 2, (MANY, COLUMN + 3 * ROW + 1), [3], False),
    ],
)
async def test_columns_fill_the_open_batch_and_others(
    put: Put, before: int, rows: int, limits: tuple[int, int], batches: list[int], is_empty: bool
) -> None:
    batcher = batcher_of(put, *limits)
    for number in range(before):
        await batcher.add(row(), -number, 0)
    assert await batcher.add_columns(part(rows)) == put.stored
    assert ([len(times) for times in put.times], batcher.is_empty) == (batches, is_empty)
    await batcher.finish()
    assert [time for times in put.times for time in times] == [*(-number for number in range(before)), *range(rows)]


@pytest.mark.parametrize("before", [0, 1, 2])
async def test_columns_with_a_long_name_exceed_no_limit(put: Put, before: int) -> None:
    """The name of a column that the open batch has already counts again, which leaves a little room."""
    name, limit = "a" * 50, 500
    batcher = batcher_of(put, 1_000, limit)
    for number in range(before):
        await batcher.add(cells({name: 1.5}), number, 0)
    await batcher.add_columns(part(60, **{name: np.zeros(60)}))
    await batcher.finish()
    assert sum(map(len, put.times)) == before + 60
    # Without its last row a batch is below the limit.
    assert all(len(name) + 16 + (len(times) - 1) * ROW < limit for times in put.times)


async def test_columns_that_do_not_fit_end_the_batch_before_them(put: Put) -> None:
    batcher = batcher_of(put, 2)
    await batcher.add(row(7), 1, 0)
    assert await batcher.add_columns(part(2)) == put.stored
    assert (put.batches, batcher.is_empty) == ([[7], [0.0, 0.5]], True)


async def test_a_full_batch_ends_before_columns(put: Put) -> None:
    put.errors = [queue_full("full")]
    batcher = batcher_of(put, 2)
    with pytest.raises(ServerError):
        await batcher.add_columns(part(2))
    assert await batcher.add_columns(part(1)) == put.stored
    assert ([len(times) for times in put.times], batcher.is_empty) == ([2], False)


async def test_parts_of_columns_without_values_are_left_out(put: Put) -> None:
    batcher = batcher_of(put, 2)
    assert await batcher.add_columns(part(3, a=[None] * 3)) == []
    assert batcher.is_empty
    assert await batcher.add_columns(part(8, a=[1.5, None, None, None, None, 6.5, None, None])) == put.stored
    assert (put.times, batcher.is_empty) == ([[0, 1], [4, 5]], True)


async def test_a_batch_that_is_refused_stays_open_with_its_timer(put: Put, timers: list[Timer]) -> None:
    put.errors = [queue_full("full"), queue_full("full")]
    batcher = batcher_of(put)
    await batcher.add(row(), 1, 0)
    with pytest.raises(ServerError):
        await batcher.finish()
    assert not batcher.is_empty
    timers[0].expire()
    await asyncio.gather(*aging())
    assert (put.calls, len(timers), batcher.is_empty) == (2, 2, False)
    timers[1].expire()
    await asyncio.gather(*aging())
    assert (put.times, len(timers), batcher.is_empty) == ([[1]], 2, True)


async def test_a_batch_ends_when_it_is_old_enough(put: Put, timers: list[Timer]) -> None:
    batcher = batcher_of(put)
    for number in (1, 2):
        await batcher.add(row(), number, 0)
    await batcher.add_columns(part(2))
    [timer] = timers
    assert (timer.seconds, put.calls) == (7.5, 0)
    timer.expire()
    [task] = aging()
    await task
    assert (put.times, batcher.is_empty) == ([[1, 2, 0, 1]], True)
    await batcher.add(row(), 3, 0)
    assert [timer.seconds for timer in timers] == [7.5, 7.5]


async def test_a_batch_that_has_ended_does_not_age(put: Put, timers: list[Timer]) -> None:
    batcher = batcher_of(put)
    await batcher.add(row(), 1, 0)
    await batcher.finish()
    timers[0].expire()
    assert aging() == []


async def test_a_batch_that_ended_meanwhile_does_not_end_the_next_one(put: Put, timers: list[Timer]) -> None:
    batcher = batcher_of(put)
    await batcher.add(row(), 1, 0)
    async with batcher.lock:
        timers[0].expire()
        [task] = aging()
        await asyncio.sleep(0)
        assert (task.done(), put.calls) == (False, 0)
        await batcher.finish()
        await batcher.add(row(), 2, 0)
    await task
    assert (put.times, batcher.is_empty) == ([[1]], False)


async def test_a_batch_does_not_end_by_its_age_after_the_writer_has_ended(put: Put, timers: list[Timer]) -> None:
    delivery = Delivery(1)
    batcher = batcher_of(put, delivery=delivery)
    await batcher.add(row(), 1, 0)
    delivery.end()
    timers[0].expire()
    await asyncio.gather(*aging())
    assert (put.calls, len(timers), batcher.is_empty) == (0, 1, False)


async def test_an_unexpected_error_of_an_aged_batch_is_not_tried_again(put: Put, timers: list[Timer]) -> None:
    put.errors = [ZeroDivisionError()]
    batcher = batcher_of(put)
    await batcher.add(row(), 1, 0)
    timers[0].expire()
    [task] = aging()
    with pytest.raises(ZeroDivisionError):
        await task
    assert len(timers) == 1


async def test_the_end_leaves_out_the_open_batch(put: Put, timers: list[Timer]) -> None:
    batcher = batcher_of(put)
    await batcher.close()
    await batcher.add(row(), 1, 0)
    await batcher.close()
    timers[0].expire()
    assert (aging(), put.calls) == ([], 0)


async def test_the_end_does_not_wait_for_a_batch_that_is_old_enough(put: Put, timers: list[Timer]) -> None:
    put.may_put.clear()
    batcher = batcher_of(put)
    await batcher.add(row(), 1, 0)
    timers[0].expire()
    [task] = aging()
    await asyncio.sleep(0)
    assert put.calls == 1
    async with asyncio.timeout(PATIENCE):
        await batcher.close()
    assert (task.cancelled(), put.batches, batcher.lock.locked()) == (True, [], False)


@pytest.mark.parametrize(
    ("timestamp", "time"),
    [
        (0, 0),
        (-5, -5),
        (T0, T0),
        (datetime(2023, 11, 14, 22, 13, 20), T0),
        (datetime(2023, 11, 14, 22, 13, 20, 1_499, UTC), T0 + 1),
        (datetime(2023, 11, 14, 22, 13, 20, 1_501, UTC), T0 + 2),
        (datetime(2023, 11, 15, 0, 13, 20, tzinfo=timezone(timedelta(hours=2))), T0),
    ],
)
async def test_a_row_keeps_the_time_of_its_caller(put: Put, timestamp: int | datetime, time: int) -> None:
    batcher = batcher_of(put)
    await batcher.add(row(), timestamp, 0)
    assert batcher.add_at_once(row(), timestamp, 0)
    await batcher.finish()
    assert put.times == [[time, time]]


class Clock(ServerClock):
    """A clock whose monotonic time the test sets. It is `T0` at the monotonic time 0 once it is known."""

    def __init__(self) -> None:
        super().__init__()
        self.ticks = 0

    def now(self) -> int | None:
        return self.from_monotonic(self.ticks)

    def monotonic(self) -> int:
        return self.ticks

    def learn(self) -> None:
        answer = SendHeartbeatResponse()
        answer.timestamp.FromMilliseconds(T0)
        self.observe(answer, 0.0, 0.0)


async def test_rows_without_a_time_get_rising_ones_of_the_clock(put: Put) -> None:
    clock = Clock()
    clock.learn()
    batcher = batcher_of(put, clock=clock)
    for ticks in (5, 5, 5, 9):
        clock.ticks = ticks
        await batcher.add(row(), None, 0)
    await batcher.add(row(), 3, 0)
    assert await batcher.finish() == put.stored
    assert put.times == [[T0 + 5, T0 + 6, T0 + 7, T0 + 9, 3]]


async def test_rows_get_their_times_when_the_clock_knows_them(put: Put) -> None:
    clock = Clock()
    batcher = batcher_of(put, clock=clock)
    for ticks, timestamp in ((5, None), (5, 3), (5, None), (9, None)):
        clock.ticks = ticks
        await batcher.add(row(), timestamp, 0)
    clock.ticks = 100
    finishing = asyncio.create_task(batcher.finish())
    await asyncio.sleep(0)
    assert (finishing.done(), put.calls) == (False, 0)
    clock.learn()
    assert await finishing == put.stored
    assert put.times == [[T0 + 5, 3, T0 + 6, T0 + 9]]


async def test_a_batch_whose_times_are_given_does_not_wait_for_the_clock(put: Put) -> None:
    batcher = batcher_of(put, clock=Clock(), waits=False)
    await batcher.add(row(), 3, 0)
    await batcher.finish()
    assert put.times == [[3]]


async def test_a_caller_that_does_not_wait_is_refused_until_the_time_is_known(put: Put) -> None:
    clock = Clock()
    clock.ticks = 5
    batcher = batcher_of(put, 1, clock=clock, waits=False)
    with pytest.raises(ServerError, match="time is not known yet") as refused:
        await batcher.add(row(), None, 0)
    assert (refused.value.reason, refused.value.retryable) == ("QUEUE_FULL", True)
    assert (batcher.is_full, put.calls) == (True, 0)
    clock.learn()
    await batcher.finish()
    assert put.times == [[T0 + 5]]


async def test_times_are_set_once_where_the_queue_is_full(put: Put) -> None:
    put.errors = [queue_full("full")]
    clock = Clock()
    clock.ticks = 5
    batcher = batcher_of(put, clock=clock)
    await batcher.add(row(), None, 0)
    clock.learn()
    with pytest.raises(ServerError):
        await batcher.finish()
    await batcher.finish()
    assert put.times == [[T0 + 5]]
