"""A backend that becomes unavailable, and may lose data when it restarts."""

import asyncio
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.batch import Batch
from iotflow_server.telemetry.journal import JournaledWriter
from iotflow_server.telemetry.ports import Span
from tests.contract.readings import DOUBLE, INT32, TEXT, batch, column, contents, doubles, named
from tests.integration.journal.forgetful import ForgetfulBackend, caught_up, journaled, journals, until


async def test_readings_accepted_while_the_backend_is_away_reach_it_later(
    store: JournaledWriter, backend: ForgetfulBackend
) -> None:
    await store.write([doubles(1, {1: 1.0})])
    backend.away = True
    assert await store.write([doubles(1, {2: 2.0})]) == [()]
    assert await store.write([doubles(1, {3: 3.0}), doubles(2, {3: 3.0})]) == [(), ()]
    state = store.journal
    assert (state.entries, state.buffering, state.backend_available) == (3, True, False)
    assert state.bytes > 0
    assert "forgetful is away; readings are kept in the journal" in await store.check()
    backend.away = False
    await caught_up(store)
    assert await contents(backend, 1) == {("m", time): float(time) for time in (1, 2, 3)}
    assert await contents(backend, 2) == {("m", 3): 3.0}
    state = store.journal
    assert (state.entries, state.bytes, state.buffering, state.oldest_seconds) == (0, 0, False, 0.0)
    assert (state.backend_available, state.replayed, state.rejected) == (True, 4, 0)


async def test_the_write_that_finds_the_backend_away_reports_it(
    store: JournaledWriter, backend: ForgetfulBackend
) -> None:
    backend.away = True
    with capture_logs() as logs:
        await store.write([doubles(1, {1: 1.0})])
    assert logs == [{"event": "store_behind_journal", "available": False, "log_level": "warning"}]


async def test_readings_lost_in_a_restart_are_written_again(store: JournaledWriter, backend: ForgetfulBackend) -> None:
    await store.write([doubles(1, {1: 1.0})])
    await backend.restart()
    # The restart is noticed without a write.
    await caught_up(store)
    assert await contents(backend, 1) == {("m", 1): 1.0}
    await store.write([doubles(1, {2: 2.0})])
    await caught_up(store)
    assert await contents(backend, 1) == {("m", 1): 1.0, ("m", 2): 2.0}
    await store.write([doubles(2, {1: 1.0})])
    assert not store.journal.buffering
    await backend.restart()
    await caught_up(store)
    assert await contents(backend, 1) == {("m", 1): 1.0, ("m", 2): 2.0}


async def test_a_restart_that_no_write_noticed_is_noticed_at_the_checkpoint(
    backend: ForgetfulBackend, root: Path
) -> None:
    store = journaled(backend, root)
    await store.start()
    await store.write([doubles(1, {1: 1.0})])
    await backend.restart()
    await store.close()
    after = journaled(backend, root)
    await after.start()
    await caught_up(after)
    assert await contents(backend, 1) == {("m", 1): 1.0}
    await after.close()


async def test_a_first_start_does_not_wait_for_a_backend_that_answers(backend: ForgetfulBackend, root: Path) -> None:
    store = journaled(backend, root, start_seconds=3_600)
    async with asyncio.timeout(10):
        await store.start()
    await store.close()


async def test_an_overwritten_value_does_not_come_back(store: JournaledWriter, backend: ForgetfulBackend) -> None:
    await store.write([doubles(1, {1: 1.0})])
    backend.away = True
    await store.write([doubles(1, {1: 2.0})])
    await backend.restart()
    await store.write([doubles(1, {1: 3.0})])
    await caught_up(store)
    assert await contents(backend, 1) == {("m", 1): 3.0}


async def test_writes_during_a_replay_are_applied_after_it(store: JournaledWriter, backend: ForgetfulBackend) -> None:
    backend.away = True
    await store.write([doubles(1, {1: 1.0})])
    later: list[asyncio.Task[object]] = []

    def overwrite(_: object) -> None:
        if not later:
            later.append(asyncio.create_task(store.write([doubles(1, {1: 2.0})])))

    backend.before_write = overwrite
    backend.away = False
    await caught_up(store)
    await asyncio.gather(*later)
    await caught_up(store)
    assert await contents(backend, 1) == {("m", 1): 2.0}


async def test_a_backend_lost_during_the_replay_gets_all_records_again(
    store: JournaledWriter, backend: ForgetfulBackend
) -> None:
    backend.away = True
    for time in range(5):
        await store.write([doubles(1, {time: float(time)})])
    tries: list[object] = []

    def go_again(_: object) -> None:
        tries.append(None)
        backend.away = len(tries) == 1

    backend.before_write = go_again
    backend.away = False
    await until(lambda: len(tries) == 1)
    await backend.restart()
    await caught_up(store)
    assert await backend.count(1, Span()) == 5


async def test_acknowledged_readings_rejected_in_a_replay_are_logged_and_block_nothing(
    store: JournaledWriter, backend: ForgetfulBackend
) -> None:
    await store.write([batch(1, [0], column("m", INT32, [0]))])
    (rejections,) = await store.write([batch(1, [1], column("m", TEXT, ["rejected at once"]))])
    assert named(rejections) == [("m", 0, 1, "TYPE_CONFLICT")]
    backend.away = True
    assert await store.write([batch(1, [2, 3], column("m", TEXT, ["x", "y"]), column("n", DOUBLE, [1, 2]))]) == [()]
    await store.write([doubles(1, {4: 4.0})])
    with capture_logs() as logs:
        backend.away = False
        await caught_up(store)
    refusals = [entry for entry in logs if entry["event"] == "acknowledged_readings_rejected"]
    assert [(one["device_id"], one["measurement"], one["reason"], one["rows"]) for one in refusals] == [
        (1, "m", "TYPE_CONFLICT", 2)
    ]
    assert store.journal.rejected == 2
    assert await contents(backend, 1) == {("m", 0): 0, ("n", 2): 1.0, ("n", 3): 2.0, ("m", 4): 4}


async def test_a_batch_that_the_backend_fails_on_blocks_no_others(
    store: JournaledWriter, backend: ForgetfulBackend
) -> None:
    def choke(batches: list[Batch]) -> None:
        if any(one.device_id == 2 for one in batches):
            raise ValueError("a fault")

    backend.before_write = choke  # type: ignore[assignment]
    backend.away = True
    await store.write([doubles(1, {1: 1.0}), doubles(2, {1: 1.0, 2: 2.0}), doubles(3, {1: 1.0})])
    await store.write([doubles(1, {2: 2.0})])
    backend.away = False
    await caught_up(store)
    assert [await backend.count(device_id, Span()) for device_id in (1, 2, 3)] == [2, 0, 1]
    assert store.journal.rejected == 2


async def test_deleted_readings_are_not_restored(store: JournaledWriter, backend: ForgetfulBackend) -> None:
    await store.write([doubles(1, {1: 1.0, 2: 2.0}), doubles(2, {1: 1.0})])
    await store.delete(1, Span(0, 2))
    await store.write([doubles(1, {3: 3.0})])
    await backend.restart()
    await store.write([doubles(1, {4: 4.0})])
    await caught_up(store)
    assert await contents(backend, 1) == {("m", time): float(time) for time in (2, 3, 4)}
    assert await contents(backend, 2) == {("m", 1): 1.0}


async def test_nothing_is_deleted_while_the_backend_lacks_readings(
    store: JournaledWriter, backend: ForgetfulBackend
) -> None:
    backend.away = True
    await store.write([doubles(1, {1: 1.0})])
    with pytest.raises(Unavailable) as refusal:
        await store.delete(1, Span())
    assert refusal.value.retry_after
    backend.away = False
    await caught_up(store)
    await store.delete(1, Span())
    assert await contents(backend, 1) == {}


async def test_a_large_journal_is_replayed_in_bounded_pieces(backend: ForgetfulBackend, root: Path) -> None:
    store = journaled(backend, root, segment_bytes=2**20)
    await store.start()
    backend.away = True
    rows = 20_000
    for start in range(0, 40 * rows, rows):
        await store.write([doubles(1, {time: float(time) for time in range(start, start + rows)})])
    assert store.journal.bytes > 12 * 2**20
    sizes: list[int] = []
    backend.before_write = lambda batches: sizes.append(sum(one.values for one in batches))
    backend.away = False
    await caught_up(store)
    assert sum(sizes) == 40 * rows
    assert max(sizes) <= 5 * 2**20 / 16
    await store.close()
    assert journals(root) == []


async def test_a_backend_that_is_away_at_the_start_gets_everything_later(backend: ForgetfulBackend, root: Path) -> None:
    backend.away = True
    store = journaled(backend, root, start_seconds=0.01)
    with capture_logs() as logs:
        async with asyncio.timeout(30):
            await store.start()
    assert [one["event"] for one in logs] == ["waiting_for_store", "store_away", "store_behind_journal"]
    assert await store.write([doubles(1, {1: 1.0})]) == [()]
    assert store.journal.buffering
    await store.close()
    after = journaled(backend, root, start_seconds=60)
    with capture_logs() as logs:
        await after.start()
    assert "waiting_for_store" not in [one["event"] for one in logs], "a disk with a journal need not wait"
    assert await after.write([doubles(1, {2: 2.0})]) == [()]
    backend.away = False
    await caught_up(after)
    assert await contents(backend, 1) == {("m", 1): 1.0, ("m", 2): 2.0}
    assert await after.check() == ""
    await after.close()


async def test_a_failed_start_releases_the_backend_and_the_journal(
    backend: ForgetfulBackend, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[str] = []

    async def fail() -> None:
        raise ZeroDivisionError

    async def close() -> None:
        closed.append(backend.name)

    monkeypatch.setattr(backend, "start", fail)
    monkeypatch.setattr(backend, "close", close)
    with pytest.raises(ZeroDivisionError):
        await journaled(backend, root).start()
    assert closed == ["forgetful"]
    assert journals(root) == []
