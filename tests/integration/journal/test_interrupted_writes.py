"""Interrupted writes that may still be carried out: no newer write may precede them."""

import asyncio
import time
from collections.abc import Coroutine, Sequence
from pathlib import Path

import pytest

from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.batch import Batch, Rejection
from iotflow_server.telemetry.journal import JournaledWriter
from iotflow_server.telemetry.ports import Span
from tests.contract.readings import contents, doubles
from tests.integration.journal.forgetful import ForgetfulBackend, caught_up, journaled
from tests.integration.journal.left_behind import leave_behind

QUIET_SECONDS = 0.2


class Dawdling(ForgetfulBackend):
    """Becomes unavailable with the first deletion. late: the deletion, carried out later."""

    late: Coroutine[None, None, None]

    async def delete(self, device_id: int, span: Span) -> None:
        self.late = super().delete(device_id, span)
        self.away = True
        raise Unavailable("STORE_UNAVAILABLE", "away")


class Watched(ForgetfulBackend):
    """checked, written: times of the calls."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.checked: list[float] = []
        self.written: list[float] = []

    async def check(self) -> None:
        await super().check()
        self.checked.append(time.monotonic())

    async def write(self, batches: Sequence[Batch]) -> list[tuple[Rejection, ...]]:
        outcomes = await super().write(batches)
        self.written.append(time.monotonic())
        return outcomes


async def test_a_late_deletion_removes_nothing_written_after_it(tmp_path: Path, root: Path) -> None:
    backend = Dawdling(tmp_path)
    store = journaled(backend, root)
    await store.start()
    await store.write([doubles(1, {1: 1.0, 2: 1.0})])
    with pytest.raises(Unavailable):
        await store.delete(1, Span())
    assert await store.write([doubles(1, {1: 2.0})]) == [()]
    assert store.buffering
    backend.away = False
    await backend.late
    await caught_up(store)
    assert await contents(backend, 1) == {("m", 1): 2.0}
    await store.close()


async def test_nothing_is_replayed_before_the_backend_has_answered_for_a_while(tmp_path: Path, root: Path) -> None:
    backend = Watched(tmp_path)
    store = journaled(backend, root, quiet_seconds=QUIET_SECONDS)
    await store.start()
    backend.away = True
    await store.write([doubles(1, {1: 1.0})])
    backend.checked.clear()
    backend.away = False
    await caught_up(store)
    assert backend.written[-1] - backend.checked[0] >= QUIET_SECONDS
    assert backend.written[-1] - backend.checked[-1] <= QUIET_SECONDS
    await store.close()


async def test_a_restarted_backend_counts_as_incomplete_as_soon_as_that_is_known(
    store: JournaledWriter, backend: ForgetfulBackend
) -> None:
    await store.write([doubles(1, {1: 1.0})])
    assert not store.buffering
    await backend.restart()
    assert store.buffering
    assert await store.check()
    await caught_up(store)
    assert await contents(backend, 1) == {("m", 1): 1.0}


async def test_a_process_waits_for_writes_of_an_ended_predecessor(
    tmp_path: Path, backend: ForgetfulBackend, root: Path
) -> None:
    leave_behind(tmp_path)
    store = journaled(backend, root)
    await store.start()
    assert store.buffering
    await caught_up(store)
    await store.close()
    after = journaled(backend, root)
    await after.start()
    assert not after.buffering
    await after.close()


async def test_a_hanging_backend_delays_no_sender_and_gets_no_newer_write_before_it_responds(
    tmp_path: Path, root: Path
) -> None:
    backend = Watched(tmp_path)
    store = journaled(backend, root, patience_seconds=0.01)
    await store.start()
    answered = backend.next_write = asyncio.Event()
    assert await store.write([doubles(1, {1: 1.0})]) == [()]
    assert store.buffering
    assert await store.write([doubles(1, {1: 2.0})]) == [()]
    assert backend.written == []
    answered.set()
    await caught_up(store)
    assert await contents(backend, 1) == {("m", 1): 2.0}
    assert len(backend.written) > 1
    await store.close()
