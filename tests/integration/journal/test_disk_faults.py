"""A disk that fails at other moments than the usual write: nothing acknowledged is lost, and the work is done later."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.batch import ValueType
from iotflow_server.telemetry.journal import JournaledWriter
from iotflow_server.telemetry.journal.coordination import shared_files
from iotflow_server.telemetry.ports import Span
from tests.contract.readings import contents, doubles
from tests.integration.journal.forgetful import ForgetfulBackend, caught_up, journaled, journals, until
from tests.integration.journal.left_behind import leave_behind


class FaultyDisk:
    """failures: number of calls that have failed."""

    def __init__(self) -> None:
        self.failures = 0

    @contextmanager
    def failing(self, owner: Any, call: str, fits: Callable[[Path], bool], error: int = errno.EIO) -> Iterator[None]:
        """Inside, this call fails for the paths that fit; for all where it takes no path."""
        real = getattr(owner, call)

        def fail(target: Any, *arguments: Any, **options: Any) -> Any:
            if isinstance(target, Path) and not fits(target):
                return real(target, *arguments, **options)
            self.failures += 1
            raise OSError(error, os.strerror(error))

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(owner, call, fail)
            yield


@pytest.fixture
def disk() -> FaultyDisk:
    return FaultyDisk()


def anything(_: Path) -> bool:
    return True


def is_segment(path: Path) -> bool:
    return path.suffix == ".segment"


def is_root(path: Path) -> bool:
    return path.name == "journals"


@pytest.mark.parametrize(
    ("call", "error", "reason"),
    [
        ("open", errno.ENOSPC, "JOURNAL_DISK_FULL"),
        ("pwrite", errno.ENOSPC, "JOURNAL_DISK_FULL"),
        ("pwrite", errno.EDQUOT, "JOURNAL_DISK_FULL"),
        ("pwrite", errno.EIO, "JOURNAL_FAILED"),
        ("fdatasync", errno.EIO, "JOURNAL_FAILED"),
        ("fsync", errno.EIO, "JOURNAL_FAILED"),
    ],
)
@pytest.mark.parametrize("change", ["delete", "drop", "retype"])
async def test_what_cannot_be_recorded_is_not_deleted(
    store: JournaledWriter,
    backend: ForgetfulBackend,
    disk: FaultyDisk,
    change: str,
    call: str,
    error: int,
    reason: str,
) -> None:
    await store.write([doubles(1, {1: 1.0, 2: 2.0})])
    with disk.failing(os, call, anything, error), pytest.raises(Unavailable) as refusal:
        await changed(store, change)
    assert refusal.value.reason == reason
    assert refusal.value.retry_after
    assert await contents(backend, 1) == {("m", 1): 1.0, ("m", 2): 2.0}
    await changed(store, change)
    assert await contents(backend, 1) == AFTER[change]


@pytest.mark.parametrize("change", ["delete", "drop", "retype"])
async def test_a_change_is_not_acknowledged_if_the_backend_restarts_before_it_is_on_its_disk(
    tmp_path: Path, root: Path, change: str
) -> None:
    backend = RestartsInFlush(tmp_path)
    store = journaled(backend, root)
    await store.start()
    await store.write([doubles(1, {1: 1.0, 2: 2.0})])
    backend.restarts = 1
    with pytest.raises(Unavailable, match="restarted during the write"):
        await changed(store, change)
    await caught_up(store)
    await changed(store, change)
    await backend.restart()
    await caught_up(store)
    assert await contents(backend, 1) == AFTER[change]
    await store.close()


async def test_a_replay_is_repeated_if_the_backend_restarts_before_it_is_on_its_disk(
    tmp_path: Path, root: Path
) -> None:
    backend = RestartsInFlush(tmp_path)
    store = journaled(backend, root)
    await store.start()
    backend.away = True
    await store.write([doubles(1, {1: 1.0})])
    backend.restarts = 2
    backend.away = False
    await caught_up(store)
    assert backend.restarts == 0
    assert await contents(backend, 1) == {("m", 1): 1.0}
    await store.close()


async def test_a_replay_continues_when_the_journal_can_be_read_again(
    store: JournaledWriter, backend: ForgetfulBackend, disk: FaultyDisk
) -> None:
    backend.away = True
    await store.write([doubles(1, {1: 1.0})])
    with disk.failing(Path, "open", is_segment):
        backend.away = False
        await until(lambda: disk.failures > 2)
        assert store.buffering
        assert await store.write([doubles(1, {2: 2.0})]) == [()], "new readings are accepted"
    await caught_up(store)
    assert await contents(backend, 1) == {("m", 1): 1.0, ("m", 2): 2.0}


async def test_records_that_cannot_be_removed_are_removed_later(
    backend: ForgetfulBackend, root: Path, disk: FaultyDisk
) -> None:
    store = journaled(backend, root, checkpoint_bytes=1)
    await store.start()
    with disk.failing(Path, "unlink", is_segment):
        await store.write([doubles(1, {1: 1.0})])
        await until(lambda: disk.failures > 2)
        assert await store.write([doubles(1, {2: 2.0})]) == [()]
    await until(lambda: store.journal.entries == 0)
    assert await contents(backend, 1) == {("m", 1): 1.0, ("m", 2): 2.0}
    await store.close()


async def test_an_unexpected_error_of_a_checkpoint_ends_no_checkpoints(
    backend: ForgetfulBackend, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = journaled(backend, root, checkpoint_bytes=1)
    await store.start()
    flush, failures = backend.flush, iter([RuntimeError("unexpected")])

    async def fail_once() -> None:
        for failure in failures:
            raise failure
        await flush()

    monkeypatch.setattr(backend, "flush", fail_once)
    await store.write([doubles(1, {1: 1.0})])
    await until(lambda: next(failures, None) is None)
    await store.write([doubles(1, {2: 2.0})])
    await until(lambda: store.journal.entries == 0)
    await store.close()


@pytest.mark.parametrize(("call", "fits"), [("open", is_segment), ("iterdir", is_root)], ids=["segment", "folders"])
async def test_a_journal_that_cannot_be_read_at_the_start_is_adopted_by_a_later_start(
    tmp_path: Path, backend: ForgetfulBackend, root: Path, disk: FaultyDisk, call: str, fits: Callable[[Path], bool]
) -> None:
    leave_behind(tmp_path, 1, 2)
    left = journals(root)
    with disk.failing(Path, call, fits), pytest.raises(Unavailable) as refusal:
        await journaled(backend, root).start()
    assert refusal.value.reason == "JOURNAL_FAILED"
    assert set(left) <= set(journals(root))
    store = journaled(backend, root)
    await store.start()
    await caught_up(store)
    assert await contents(backend, 1) == {("m", 1): 2.0}
    await store.close()


@pytest.mark.parametrize(("call", "fits"), [("open", is_segment), ("iterdir", is_root)], ids=["segment", "folders"])
async def test_a_journal_that_cannot_be_read_while_running_is_adopted_later(
    backend: ForgetfulBackend, root: Path, disk: FaultyDisk, call: str, fits: Callable[[Path], bool]
) -> None:
    store = journaled(backend, root)
    await store.start()
    ended = journaled(backend, root)
    await ended.start()
    await ended.write([doubles(1, {1: 1.0})])
    await ended.die()
    with disk.failing(Path, call, fits):
        await store.write([doubles(2, {1: 1.0})])
        await backend.restart()
        await until(lambda: disk.failures > 2)
        assert store.buffering
        assert await store.write([doubles(2, {2: 2.0})]) == [()], "new readings are accepted"
    await caught_up(store)
    assert await contents(backend, 1) == {("m", 1): 1.0}
    assert await contents(backend, 2) == {("m", 1): 1.0, ("m", 2): 2.0}
    await until(lambda: len(journals(root)) == 1)
    await store.close()


async def test_a_folder_that_cannot_be_locked_delays_the_adoption_of_others_only(
    backend: ForgetfulBackend, root: Path, disk: FaultyDisk
) -> None:
    store = journaled(backend, root)
    await store.start()
    own = journals(root)
    # Both start before there are records: one that finds some would have them replayed at once.
    both = [journaled(backend, root) for _ in (1, 2)]
    for ended in both:
        await ended.start()
    for device_id, ended in enumerate(both, start=1):
        await ended.write([doubles(device_id, {1: 1.0})])
    for ended in both:
        await ended.die()
    (_, last) = sorted(set(journals(root)) - set(own))
    with disk.failing(shared_files, "open_lock_file", lambda path: path.parent == last):
        await backend.restart()
        await until(lambda: disk.failures > 2)
    await caught_up(store)
    assert await contents(backend, 1) == await contents(backend, 2) == {("m", 1): 1.0}
    await until(lambda: journals(root) == own)
    await store.close()


AFTER = {"delete": {("m", 2): 2.0}, "drop": {}, "retype": {("m", 1): "1.0", ("m", 2): "2.0"}}


async def changed(store: JournaledWriter, change: str) -> None:
    """Delete the first reading, drop the measurement, or convert it to text."""
    match change:
        case "delete":
            await store.delete(1, Span(1, 2))
        case "drop":
            await store.drop(1, "m")
        case _:
            await store.retype(1, "m", ValueType.TEXT)


class RestartsInFlush(ForgetfulBackend):
    """restarts: so many flushes lose what was written before them."""

    restarts = 0

    async def flush(self) -> None:
        if self.restarts:
            self.restarts -= 1
            await self.restart()
        await super().flush()
