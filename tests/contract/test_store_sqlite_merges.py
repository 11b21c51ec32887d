"""SQLite: merges of few readings of many series into the table change no result, and lose nothing in a crash."""

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iotflow.words import Aggregation
from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.batch import Batch
from iotflow_server.telemetry.ports import Span
from iotflow_server.telemetry.stores.sqlite import SqliteStore, connections, schema, writing
from iotflow_server.telemetry.stores.sqlite.known_devices import WIDE_ROWS
from iotflow_server.telemetry.stores.sqlite.series import SeriesCache
from iotflow_server.telemetry.stores.sqlite.unmerged import ArrivalLog, merging
from tests.contract.agreement import check_figures, check_latest, check_reading
from tests.contract.model import Model
from tests.contract.readings import DOUBLE, INT32, TEXT, Clock, batch, column, contents, doubles, named, table

# Written by versions without unmerged readings.
EARLIER = """
PRAGMA journal_mode=WAL;
CREATE TABLE series (id INTEGER PRIMARY KEY, device_id INTEGER NOT NULL, measurement TEXT NOT NULL, type TEXT NOT NULL,
    UNIQUE (device_id, measurement));
CREATE TABLE reading (series INTEGER NOT NULL, time INTEGER NOT NULL, value NOT NULL, PRIMARY KEY (series, time)) WITHOUT ROWID;
CREATE TABLE retention (scope INTEGER NOT NULL PRIMARY KEY, milliseconds INTEGER) WITHOUT ROWID;
INSERT INTO series VALUES (1, 1, 'm', 'DOUBLE'), (2, 1, 't', 'TEXT');
INSERT INTO reading VALUES (1, 1, 1.5), (1, 2, 2.5), (2, 1, 'one');
"""
# Writes and merges continuously and prints each acknowledged time.
WRITER = """
import asyncio, sys
from pathlib import Path
import numpy as np
from iotflow_server.telemetry.batch import Batch, Column, ValueType
from iotflow_server.telemetry.stores.sqlite import SqliteStore

async def main():
    store = SqliteStore(Path(sys.argv[1]), merge_readings=50)
    await store.start()
    for time in range(1_000_000):
        values = np.array([float(time)])
        await store.write([Batch(1 + time % 7, np.array([time]), (Column("m", ValueType.DOUBLE, values),))])
        print(time, flush=True)

asyncio.run(main())
"""
TIMES = st.integers(-20, 20)
SPANS = st.tuples(TIMES, TIMES).map(lambda ends: Span(*ends)) | st.just(Span())
MERGE = "merge"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "readings.db"


@pytest.fixture
async def store(path: Path, clock: Clock) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(path, clock=clock)
    await store.start()
    yield store
    await store.close()


def merged_rows(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("SELECT count(*) FROM reading").fetchone()[0])


@st.composite
def written(draw: st.DrawFn) -> Batch:
    """A batch of a few rows, or one that goes to the table itself."""
    if draw(st.integers(0, 4)) == 0:
        first = draw(TIMES)
        times = list(range(first, first + WIDE_ROWS))
    else:
        times = draw(st.lists(TIMES, min_size=1, max_size=5))
    values = {
        "a": (DOUBLE, st.sampled_from([0.1, 2.5, -0.0, 1e15])),
        "b": (INT32, st.sampled_from([0, 1, -(2**31)])),
        "c": (TEXT, st.text(st.characters(codec="utf-8"), max_size=2)),
    }
    names = draw(st.lists(st.sampled_from("abc"), min_size=1, max_size=3, unique=True))
    columns = []
    for name in names:
        kind, one = values[name]
        columns.append(column(name, kind, draw(st.lists(st.none() | one, min_size=len(times), max_size=len(times)))))
    return batch(0, times, *columns)


_device_ids = count(1)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(st.lists(written(), min_size=1, max_size=3) | st.just(MERGE) | SPANS, max_size=6),
    span=SPANS,
    window=st.integers(1, 25),
    chunk_rows=st.integers(1, 7),
)
async def test_no_result_depends_on_what_is_merged(
    store: SqliteStore, steps: list[list[Batch] | str | Span], span: Span, window: int, chunk_rows: int
) -> None:
    """A step is a group of batches, a merge, or a deletion."""
    device_id, model = next(_device_ids), Model()
    for step in steps:
        if isinstance(step, Span):
            model.delete(step)
            await store.delete(device_id, step)
        elif isinstance(step, str):
            await store.merge()
        else:
            group = [Batch(device_id, one.times, one.columns, one.atomic) for one in step]
            assert not any(await store.write(group))
            for one in group:
                model.write(one)
    await check_reading(store, device_id, model, span, chunk_rows)
    await check_latest(store, device_id, model)
    assert await store.count(device_id, span) == len({time for _, time in model.within(span)})
    check_figures(model, span, window, table(await store.aggregate(device_id, span, window, list(Aggregation))))


def write_until_killed(path: Path) -> set[int]:
    """Returns the acknowledged times."""
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        acknowledged = [int(writer.stdout.readline()) for _ in range(600)]
        writer.kill()
        acknowledged += [int(line) for line in writer.stdout.read().split("\n")[:-1]]
    return set(acknowledged)


async def test_a_process_killed_among_merges_loses_nothing_it_acknowledged(path: Path) -> None:
    acknowledged = write_until_killed(path)
    assert 0 < merged_rows(path) <= len(acknowledged) + 1
    store = SqliteStore(path)
    await store.start()
    found = {time for device_id in range(1, 8) for _, time in await contents(store, device_id)}
    assert found >= acknowledged
    await store.close()
    assert merged_rows(path) == len(found), "other programs, and earlier versions, read the table"


async def test_readings_are_merged_by_number_and_by_age(path: Path) -> None:
    by_number = SqliteStore(path, merge_readings=3)
    by_age = SqliteStore(path.with_name("other.db"), merge_seconds=0.01)
    for store, readings in ((by_number, 3), (by_age, 1)):
        await store.start()
        for time in range(readings):
            await store.write([doubles(1, {time: 1.0})])
    async with asyncio.timeout(30):
        while merged_rows(path) < 3 or not merged_rows(path.with_name("other.db")):
            await by_number.check()
    for store in (by_number, by_age):
        await store.close()


async def test_a_file_of_an_earlier_version_opens_and_goes_on(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(EARLIER)
    store = SqliteStore(path)
    await store.start()
    assert await store.write([batch(1, [2, 3], column("m", DOUBLE, [7.5, 3.5]))]) == [()]
    (rejections,) = await store.write([batch(1, [4], column("t", INT32, [4]))])
    assert named(rejections) == [("t", 0, 1, "TYPE_CONFLICT")]
    assert await contents(store, 1) == {("m", 1): 1.5, ("m", 2): 7.5, ("m", 3): 3.5, ("t", 1): "one"}
    await store.close()


async def test_unmerged_readings_of_another_process_are_in_every_result(path: Path) -> None:
    one, other = SqliteStore(path), SqliteStore(path)
    await one.start()
    await other.start()
    await one.write([doubles(1, {1: 1.0, 2: 2.0})])
    await other.write([doubles(1, {2: 3.0})])
    for store in (one, other):
        assert await contents(store, 1) == {("m", 1): 1.0, ("m", 2): 3.0}
        assert await store.count(1, Span()) == 2
    await other.merge()
    await one.write([doubles(1, {3: 4.0})])
    for store in (other, one):
        assert await contents(store, 1) == {("m", 1): 1.0, ("m", 2): 3.0, ("m", 3): 4.0}
        await store.close()


async def test_processes_that_merge_and_write_at_the_same_time_keep_the_last_value(path: Path) -> None:
    stores = [SqliteStore(path, merge_readings=20) for _ in range(3)]
    for store in stores:
        await store.start()
    rounds = 60
    for number in range(rounds):
        for device_id, store in enumerate(stores, 1):
            # The value of time 0 is overwritten by each process in turn.
            await store.write([doubles(1, {0: float(number)}), doubles(1 + device_id, {number: 1.0})])
        if number % 7 == 0:
            await asyncio.gather(*(store.merge() for store in stores))
    assert await contents(stores[0], 1) == {("m", 0): rounds - 1.0}
    await asyncio.gather(*(store.merge() for store in stores))
    for store in stores:
        assert await contents(store, 1) == {("m", 0): rounds - 1.0}
        assert [await store.count(1 + number, Span()) for number in range(1, 4)] == [rounds] * 3
        await store.close()
    assert merged_rows(path) == 1 + 3 * rounds


def test_a_merge_that_another_process_overtakes_writes_no_older_value(path: Path) -> None:
    with closing(schema.connect_writer(path)) as one, closing(schema.connect_writer(path)) as other:
        log, other_log = ArrivalLog(), ArrivalLog()
        writing.write(one, SeriesCache(6), [doubles(1, {1: 1.0})], None, log)
        overtaken = merging.begin(one, log)
        writing.write(other, SeriesCache(6), [doubles(1, {1: 2.0})], None, other_log)
        merge = merging.begin(other, other_log)
        assert overtaken is not None
        assert merge is not None
        for one_merge in (overtaken, merge):
            one_merge.sort()
        assert merging.advance(other, other_log, merge)
        assert merge.is_complete
        assert not merging.advance(one, log, overtaken)
        assert one.execute("SELECT value FROM reading").fetchall() == [(2.0,)]
        assert merging.begin(one, log) is None


async def test_a_dropped_measurement_leaves_nothing(store: SqliteStore, path: Path) -> None:
    await store.write([doubles(1, {1: 1.0}), doubles(1, {1: 1.0}, "other")])
    await store.drop(1, "m")
    await store.expire()
    assert await store.write([batch(1, [2], column("m", TEXT, ["x"]))]) == [()]
    await store.merge()
    await store.expire()
    assert await contents(store, 1) == {("other", 1): 1.0, ("m", 2): "x"}
    assert merged_rows(path) == 2
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM series WHERE device_id < 0").fetchone() == (0,)


async def test_unmerged_readings_keep_the_type_of_their_measurement_until_they_expire(
    store: SqliteStore, clock: Clock
) -> None:
    await store.set_retention(1, 1_000)
    await store.write([doubles(1, {clock.now: 1.0})])
    text = batch(1, [clock.now + 1], column("m", TEXT, ["x"]))
    (rejections,) = await store.write([text])
    assert named(rejections) == [("m", 0, 1, "TYPE_CONFLICT")]
    # In the same transaction as the first reading, too.
    answers = await store.write([doubles(2, {1: 1.0}), batch(2, [2], column("m", TEXT, ["x"]))])
    assert [named(one) for one in answers] == [[], [("m", 0, 1, "TYPE_CONFLICT")]]
    clock.now += 2_000
    assert await store.write([batch(1, [clock.now], column("m", TEXT, ["x"]))]) == [()]
    assert await contents(store, 1) == {("m", clock.now): "x"}


async def test_a_conversion_covers_unmerged_readings(store: SqliteStore) -> None:
    await store.write([batch(1, [1], column("m", INT32, [1]))])
    await store.merge()
    await store.write([batch(1, [1, 2], column("m", INT32, [3, 2]))])
    await store.retype(1, "m", TEXT)
    await store.write([batch(1, [3], column("m", TEXT, ["x"]))])
    assert await contents(store, 1) == {("m", 1): "3", ("m", 2): "2", ("m", 3): "x"}


async def test_a_damaged_record_is_an_error_and_no_empty_result(path: Path) -> None:
    store = SqliteStore(path)
    await store.start()
    await store.write([doubles(1, {1: 1.0})])
    # A writer that was killed leaves the record.
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "UPDATE unmerged SET readings = CAST(substr(readings, 1, 20) || x'ff' || substr(readings, 22) AS BLOB)"
        )
        connection.commit()
    other = SqliteStore(path)
    await other.start()
    with pytest.raises(Unavailable) as refusal:
        await contents(other, 1)
    assert refusal.value.reason == "STORE_DAMAGED"
    for one in (other, store):
        await one.close()


async def test_a_merge_that_fails_leaves_all_readings_and_is_repeated(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SqliteStore(path)
    await store.start()
    await store.write([doubles(device_id, {1: 1.0, 2: 2.0}) for device_id in range(1, 20)])

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(merging, "store", full)
        with pytest.raises(Unavailable):
            await store.merge()
    assert await contents(store, 7) == {("m", 1): 1.0, ("m", 2): 2.0}
    await store.merge()
    assert merged_rows(path) == 38
    assert await contents(store, 7) == {("m", 1): 1.0, ("m", 2): 2.0}
    await store.close()


async def test_readers_of_an_older_snapshot_see_readings_that_are_merged_meanwhile(path: Path) -> None:
    log, pool = ArrivalLog(), connections.SqliteConnections(path, readers=1, read_seconds=60.0)
    await pool.open()
    store = SqliteStore(path)
    await store.start()
    await store.write([batch(1, [1, 2], column("m", TEXT, ["x", "y"]))])
    with closing(schema.connect_reader(path)) as reader:
        reader.execute("BEGIN")
        assert len(log.view(reader)) == 2
        await store.merge()
        await store.write([batch(1, [3], column("m", TEXT, ["z"]))])
        assert (await pool.read("other", log.view)).values() == ["z"]
        assert log.view(reader).values() == ["x", "y"]
    await store.close()
    await pool.close()
