"""Several processes with one backend: the last acknowledged value wins, whichever process acknowledged it."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Event

import pytest
from structlog.testing import capture_logs

from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.journal.coordination import write_coordinator
from iotflow_server.telemetry.journal.disk.folders import locked_root
from iotflow_server.telemetry.journal.recovery import replay
from tests.contract.readings import INT32, TEXT, batch, column, contents, doubles
from tests.integration.journal.forgetful import (
    ForgetfulBackend,
    JournalProcess,
    SharedBackend,
    caught_up,
    journaled,
    journals,
    until,
)
from tests.integration.journal.left_behind import leave_behind


@asynccontextmanager
async def two(backend: ForgetfulBackend, root: Path) -> AsyncIterator[tuple[JournalProcess, JournalProcess]]:
    """Two running processes."""
    await backend.start()
    stores = (journaled(SharedBackend(backend), root), journaled(SharedBackend(backend), root))
    for store in stores:
        await store.start()
    yield stores
    for store in stores:
        await store.close()
    assert journals(root) == []
    await backend.close()


async def test_values_overwritten_by_another_process_stay_overwritten(backend: ForgetfulBackend, root: Path) -> None:
    async with two(backend, root) as (first, second):
        await first.write([doubles(1, {1: 1.0}), doubles(2, {1: 1.0})])
        await second.write([doubles(1, {1: 2.0})])
        await first.write([doubles(1, {2: 1.0})])
        await second.write([doubles(2, {1: 2.0})])
        await first.write([doubles(2, {1: 3.0})])
        await backend.restart()
        await caught_up(first)
        await caught_up(second)
        assert await contents(backend, 1) == {("m", 1): 2.0, ("m", 2): 1.0}
        assert await contents(backend, 2) == {("m", 1): 3.0}


async def test_the_journal_of_a_killed_process_restores_no_old_values(backend: ForgetfulBackend, root: Path) -> None:
    async with two(backend, root) as (_, second):
        killed = journaled(SharedBackend(backend), root)
        await killed.start()
        await killed.write([doubles(1, {1: 1.0})])
        await second.write([doubles(1, {1: 2.0})])
        await killed.die()
        successor = journaled(SharedBackend(backend), root)
        await successor.start()
        await caught_up(successor)
        assert await contents(backend, 1) == {("m", 1): 2.0}
        await successor.close()


async def test_the_first_type_wins_in_any_process_while_the_backend_is_away(
    backend: ForgetfulBackend, root: Path
) -> None:
    async with two(backend, root) as (first, second):
        backend.away = True
        await second.write([batch(1, [1], column("m", INT32, [1]))])
        await first.write([batch(1, [2], column("m", TEXT, ["two"]))])
        await second.write([batch(1, [3], column("m", INT32, [3]))])
        with capture_logs() as logs:
            backend.away = False
            await caught_up(first)
        refused = [one for one in logs if one["event"] == "acknowledged_readings_rejected"]
        assert [(one["measurement"], one["reason"], one["rows"]) for one in refused] == [("m", "TYPE_CONFLICT", 1)]
        assert await contents(backend, 1) == {("m", 1): 1, ("m", 3): 3}


async def test_rejections_known_to_the_sender_are_not_logged_by_another_process(
    backend: ForgetfulBackend, root: Path
) -> None:
    async with two(backend, root) as (first, second):
        await first.write([batch(1, [1], column("m", INT32, [1]))])
        for store in (first, second):
            (rejections,) = await store.write([batch(1, [2], column("m", TEXT, ["rejected at once"]))])
            assert rejections
        with capture_logs() as logs:
            await backend.restart()
            await caught_up(second)
            await caught_up(first)
        assert "acknowledged_readings_rejected" not in [one["event"] for one in logs]


async def test_one_flush_empties_the_journals_of_all(backend: ForgetfulBackend, root: Path) -> None:
    async with two(backend, root) as (first, second):
        await first.write([doubles(1, {1: 1.0})])
        await second.write([doubles(1, {1: 2.0})])
        second.request_checkpoint()
        await until(lambda: first.journal.entries == second.journal.entries == 0)
        assert backend.flushes == 1
        await backend.restart()
        await caught_up(first)
        assert await contents(backend, 1) == {("m", 1): 2.0}


async def test_a_replay_makes_room_in_the_journals_of_all_before_it_ends(
    backend: ForgetfulBackend, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "_FLUSH_BYTES", 1)
    slow = asyncio.Event()
    async with two(backend, root) as (first, second):
        backend.away = True
        await first.write([doubles(1, {1: 1.0})])
        # As much as a replay writes in one call.
        await second.write([batch(2, [1], column("m", TEXT, ["long" * 2**20]))])
        for store in (first, second):
            await store.seal()
            await store.write([doubles(3, {1: 1.0})])
        # The second call of the replay hangs, whichever process it is in.
        backend.before_write = lambda _: setattr(backend, "next_write", slow)
        backend.away = False
        await until(lambda: first.journal.entries == second.journal.entries == 1)
        assert first.buffering
        slow.set()
        await caught_up(first)


async def test_records_that_another_process_is_writing_are_not_dropped(backend: ForgetfulBackend, root: Path) -> None:
    async with two(backend, root) as (first, second):
        backend.next_write = slow = asyncio.Event()
        write = asyncio.create_task(first.write([doubles(1, {1: 1.0})]))
        await until(lambda: backend.next_write is None)
        await second.write([doubles(2, {1: 1.0})])
        second.request_checkpoint()
        for time in range(20):
            await second.write([doubles(2, {time: 1.0})])
        assert backend.flushes == 0
        slow.set()
        await write
        await until(lambda: second.journal.entries < 21)
        assert backend.flushes == 1


async def test_a_running_process_adopts_the_journal_of_an_ended_one(
    tmp_path: Path, store: JournalProcess, backend: ForgetfulBackend, root: Path
) -> None:
    leave_behind(tmp_path, 1, 2)
    await caught_up(store)
    await until(lambda: len(journals(root)) == 1)
    assert await contents(backend, 1) == {("m", 1): 2.0}


async def test_appends_continue_after_a_process_died_while_it_blocked_them(
    backend: ForgetfulBackend, root: Path
) -> None:
    async with two(backend, root) as (_, second):
        killed = journaled(SharedBackend(backend), root)
        await killed.start()
        backend.away = True
        await killed.write([doubles(1, {1: 1.0})])
        killed.block_appends()
        await killed.die()
        write = asyncio.create_task(second.write([doubles(1, {1: 2.0})]))
        backend.away = False
        await write
        await caught_up(second)
        assert await contents(backend, 1) == {("m", 1): 2.0}


@pytest.mark.parametrize("boot", [b"another start of the machine, of old", b""], ids=["another boot", "unreadable"])
async def test_records_from_before_a_restart_of_the_machine_are_older(
    tmp_path: Path, backend: ForgetfulBackend, root: Path, boot: bytes
) -> None:
    # Written with a clock that was ahead of the current one.
    leave_behind(tmp_path, 1, uptime=10**18)
    (root / "clock").write_bytes(boot + bytes(8))
    backend.away = True
    store = journaled(backend, root)
    await store.start()
    await store.write([doubles(1, {1: 2.0})])
    backend.away = False
    await caught_up(store)
    assert await contents(backend, 1) == {("m", 1): 2.0}
    await store.close()


async def test_a_hanging_append_blocks_no_other_process(
    backend: ForgetfulBackend, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write_coordinator, "_STOP_SECONDS", 0.01)
    async with two(backend, root) as (first, second):
        backend.away = True
        await first.write([doubles(1, {1: 1.0})])
        # The process hangs during an append to its journal.
        with second.appending():
            backend.away = False
            for value in range(2, 100):
                await first.write([doubles(1, {1: float(value)})])
            assert first.buffering
        await caught_up(first)
        assert await contents(backend, 1) == {("m", 1): 99.0}


async def test_a_late_checkpoint_removes_no_records_of_a_replay(
    backend: ForgetfulBackend, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk, stuck = Event(), asyncio.Event()
    flush = backend.flush

    async def flush_before_the_disk_is_slow() -> None:
        await flush()
        monkeypatch.undo()
        second.delay_flushed(disk)
        stuck.set()

    async with two(backend, root) as (first, second):
        # A record larger than one read, and the one that overwrites it, in a file that is opened later.
        await first.write([batch(1, [1], column("m", TEXT, ["old" * 2**21]))])
        await second.write([doubles(2, {1: 1.0})])
        await second.seal()
        await second.write([batch(1, [1], column("m", TEXT, ["new"]))])
        monkeypatch.setattr(backend, "flush", flush_before_the_disk_is_slow)
        second.request_checkpoint()
        await stuck.wait()
        backend.next_write = slow = asyncio.Event()
        first.request_replay()
        await until(lambda: backend.next_write is None)
        disk.set()
        await second.seal()
        slow.set()
        await caught_up(first)
        assert await contents(backend, 1) == {("m", 1): "new"}


async def test_a_hanging_replay_blocks_no_other_process(
    backend: ForgetfulBackend, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write_coordinator, "_BLOCKED_SECONDS", 0.05)
    async with two(backend, root) as (first, second):
        with second.replaying():
            backend.away = True
            await first.write([doubles(1, {1: 1.0})])
            second.block_appends()
            assert await first.write([doubles(1, {1: 2.0})]) == [()]
            # The process continues, and must not treat the backend as complete.
            with pytest.raises(Unavailable):
                second.end_replay()
        backend.away = False
        await caught_up(first)
        assert await contents(backend, 1) == {("m", 1): 2.0}


async def test_a_hanging_holder_of_the_root_lock_blocks_no_write(backend: ForgetfulBackend, root: Path) -> None:
    async with two(backend, root) as (first, second):
        with locked_root(root):
            first.request_checkpoint()
            for value in range(20):
                await first.write([doubles(1, {1: float(value)})])
                await second.write([doubles(2, {1: float(value)})])
        first.request_checkpoint()
        await until(lambda: first.journal.entries < 20)
        assert await contents(backend, 1) == {("m", 1): 19.0}


async def test_the_replay_of_a_closed_process_overwrites_no_newer_values(backend: ForgetfulBackend, root: Path) -> None:
    async with two(backend, root) as (_, second):
        closing = journaled(SharedBackend(backend), root)
        await closing.start()
        with second.replaying():
            backend.away = True
            await closing.write([doubles(1, {1: 1.0})])
        backend.next_write = slow = asyncio.Event()
        backend.away = False
        await until(lambda: backend.next_write is None)
        ending = asyncio.create_task(closing.close())
        await second.write([doubles(1, {1: 2.0})])
        assert second.buffering
        slow.set()
        await ending
        await caught_up(second)
        assert await contents(backend, 1) == {("m", 1): 2.0}


async def test_a_deleted_journal_acknowledges_nothing_more(backend: ForgetfulBackend, root: Path) -> None:
    store = journaled(backend, root)
    await store.start()
    await store.write([doubles(1, {1: 1.0})])
    await asyncio.to_thread(shutil.rmtree, root)
    for _ in range(2):
        with pytest.raises(Unavailable):
            await store.write([doubles(1, {1: 2.0})])
    await store.die()
    await backend.close()
