"""Emptying and adoption of journals, and the effect of cancelled calls."""

import asyncio
from pathlib import Path

import pytest

from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.journal import JournaledWriter
from iotflow_server.telemetry.ports import Span
from tests.contract.readings import contents, doubles
from tests.integration.journal.forgetful import ForgetfulBackend, caught_up, journaled, journals, until
from tests.integration.journal.left_behind import leave_behind


@pytest.mark.parametrize("rhythm", [{"checkpoint_bytes": 1}, {"checkpoint_seconds": 0.001}], ids=["bytes", "time"])
async def test_the_journal_is_emptied_when_the_backend_has_it_durably(
    backend: ForgetfulBackend, root: Path, rhythm: dict[str, float]
) -> None:
    store = journaled(backend, root, **rhythm)
    await store.start()
    await store.write([doubles(1, {1: 1.0})])
    await until(lambda: store.journal.entries == 0)
    assert backend.flushes == 1
    await backend.restart()
    assert await contents(backend, 1) == {("m", 1): 1.0}
    await store.close()


async def test_nothing_is_flushed_before_it_is_due(store: JournaledWriter, backend: ForgetfulBackend) -> None:
    for time in range(10):
        await store.write([doubles(1, {time: 1.0})])
    assert backend.flushes == 0
    assert store.journal.entries == 10
    assert store.journal.oldest_seconds > 0


async def test_closing_flushes_and_leaves_no_journal(backend: ForgetfulBackend, root: Path) -> None:
    store = journaled(backend, root)
    await store.start()
    await store.write([doubles(1, {1: 1.0})])
    (folder,) = journals(root)
    modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
    assert modes == {"lock": 0o600, "under-way": 0o600, "000000000001.segment": 0o600}
    await store.close()
    assert backend.flushes == 1
    assert journals(root) == []
    with pytest.raises(Unavailable):
        await store.write([doubles(1, {1: 1.0})])


async def test_readings_left_by_a_closed_store_are_written_by_the_next(backend: ForgetfulBackend, root: Path) -> None:
    store = journaled(backend, root)
    await store.start()
    backend.away = True
    await store.write([doubles(1, {1: 1.0})])
    await store.close()
    backend.away = False
    after = journaled(backend, root)
    await after.start()
    await caught_up(after)
    assert await contents(backend, 1) == {("m", 1): 1.0}
    await after.close()
    assert journals(root) == []


async def test_journals_of_ended_processes_are_adopted_in_order(
    tmp_path: Path, backend: ForgetfulBackend, root: Path
) -> None:
    leave_behind(tmp_path, 1, 2, 3)
    leave_behind(tmp_path, 4, 5)
    assert journals(root)
    store = journaled(backend, root)
    await store.start()
    await store.write([doubles(1, {2: 9.0})])
    await caught_up(store)
    assert await contents(backend, 1) == {("m", 1): 5.0, ("m", 2): 9.0}
    await store.close()
    assert journals(root) == []


async def test_a_cancelled_write_corrupts_nothing(store: JournaledWriter, backend: ForgetfulBackend) -> None:
    writes = [asyncio.create_task(store.write([doubles(one % 3, {one: 1.0})])) for one in range(30)]
    await asyncio.sleep(0)
    for write in writes[::2]:
        write.cancel()
    ends = await asyncio.gather(*writes, return_exceptions=True)
    assert ends[1::2] == [[()]] * 15
    await store.write([doubles(device_id, {100: 1.0}) for device_id in range(3)])
    await backend.restart()
    await store.write([doubles(0, {101: 1.0})])
    await caught_up(store)
    kept = {time for device_id in range(3) for _, time in await contents(backend, device_id)}
    assert kept >= {*range(1, 30, 2), 100, 101}


async def test_closing_during_a_replay_keeps_the_rest(backend: ForgetfulBackend, root: Path) -> None:
    store = journaled(backend, root)
    await store.start()
    backend.away = True
    await store.write([doubles(1, {1: 1.0})])
    began = asyncio.Event()
    backend.before_write = lambda _: began.set()
    backend.away = False
    await began.wait()
    await store.close()
    after = journaled(backend, root)
    await after.start()
    await caught_up(after)
    assert await backend.count(1, Span()) == 1
    await after.close()


async def test_records_of_writes_in_progress_are_not_dropped(backend: ForgetfulBackend, root: Path) -> None:
    store = journaled(backend, root, checkpoint_bytes=1)
    await store.start()
    backend.next_write = slow = asyncio.Event()
    write = asyncio.create_task(store.write([doubles(1, {1: 1.0})]))
    await until(lambda: backend.next_write is None)
    for time in range(20):
        await store.write([doubles(2, {time: 1.0})])
    assert backend.flushes == 0
    slow.set()
    await write
    await backend.restart()
    await store.write([doubles(2, {20: 1.0})])
    await caught_up(store)
    assert await contents(backend, 1) == {("m", 1): 1.0}
    assert await backend.count(2, Span()) == 21
    await store.close()
