"""What one process deletes, the journals of others do not bring back."""

import asyncio
import os
from pathlib import Path

import pytest

from iotflow_server.telemetry.journal import deletions
from iotflow_server.telemetry.journal.deletions import Deletion, noted, without
from iotflow_server.telemetry.store import Span
from tests.contract.readings import DOUBLE, TEXT, batch, cells, column, contents, doubles
from tests.integration.journal.forgetful import ForgetfulBackend, caught_up, journaled, journals, until
from tests.integration.journal.test_emptying import leave_behind


class SharedBackend:
    """One backend for several processes: the last of them closes it."""

    def __init__(self, backend: ForgetfulBackend) -> None:
        self._backend = backend

    def __getattr__(self, name: str) -> object:
        return getattr(self._backend, name)

    async def start(self) -> None:
        """It has been started."""

    async def close(self) -> None:
        """Others use it."""


async def test_a_replay_heeds_what_another_process_has_deleted(backend: ForgetfulBackend, root: Path) -> None:
    await backend.start()
    deleter, writer = (journaled(SharedBackend(backend), root) for _ in range(2))
    await deleter.start()
    await writer.start()
    await writer.write([doubles(1, {1: 1.0, 2: 2.0}), doubles(2, {1: 1.0})])
    await deleter.delete(1, Span(0, 2))
    await writer.write([doubles(1, {0: 10.0})])
    await backend.restart()
    await writer.write([doubles(2, {2: 2.0})])
    await caught_up(writer)
    assert await contents(writer, 1) == {("m", 0): 10.0, ("m", 2): 2.0}
    assert await contents(writer, 2) == {("m", 1): 1.0, ("m", 2): 2.0}
    assert [noted(folder) for folder in journals(root)] == [[], []]
    await writer.close()
    await deleter.close()
    assert journals(root) == []
    await backend.close()


async def test_a_deletion_waits_for_what_another_process_is_writing_again(
    backend: ForgetfulBackend, root: Path
) -> None:
    await backend.start()
    deleter, writer = (journaled(SharedBackend(backend), root) for _ in range(2))
    await deleter.start()
    await writer.start()
    backend.away = True
    await writer.write([doubles(1, {1: 1.0})])
    backend.next_write = slow = asyncio.Event()
    backend.away = False
    await until(lambda: backend.next_write is None)
    deletion = asyncio.create_task(deleter.delete(1, Span()))
    await deleter.write([doubles(2, {1: 1.0})])
    assert not deletion.done()
    slow.set()
    await deletion
    await caught_up(writer)
    assert await contents(writer, 1) == {}
    await writer.close()
    await deleter.close()
    await backend.close()


async def test_readings_from_before_the_machine_was_started_are_older_than_any_deletion(
    tmp_path: Path, backend: ForgetfulBackend, root: Path
) -> None:
    await backend.start()
    deleter = journaled(SharedBackend(backend), root)
    await deleter.start()
    # Numbered by a clock that had counted for longer than it has by now.
    leave_behind(tmp_path, 5, uptime=10**18)
    (left,) = [folder for folder in journals(root) if list(folder.glob("*.segment"))]
    (left / "lock").write_text("another boot")
    await deleter.delete(1, Span())
    await deleter.close()
    later = journaled(SharedBackend(backend), root)
    await later.start()
    await caught_up(later)
    assert await contents(later, 1) == {}
    await later.close()
    await backend.close()


async def test_a_journal_taken_over_later_heeds_it_too(tmp_path: Path, backend: ForgetfulBackend, root: Path) -> None:
    early = journaled(backend, root)
    await early.start()
    leave_behind(tmp_path, 5)
    await early.write([doubles(1, {2: 2.0})])
    await early.delete(1, Span(0, 2))
    await early.close()
    later = journaled(backend, root)
    await later.start()
    await caught_up(later)
    assert await contents(later, 1) == {("m", 2): 2.0}
    await later.close()


def test_only_rows_of_earlier_records_within_the_span_go() -> None:
    written = batch(1, [1, 5, 9], column("a", DOUBLE, [1.0, None, 9.0]), column("b", TEXT, ["x", "y", "z"]))
    gone = Deletion(1, Span(1, 9), 100)
    left = without(written, 99, [gone])
    assert left.times.tolist() == [9]
    assert [cells(one) for one in left.columns] == [[9.0], ["z"]]
    assert without(written, 101, [gone]) is written
    assert without(written, 99, [Deletion(2, Span(), 100)]) is written


@pytest.mark.parametrize("torn", range(1, 20, 3))
def test_a_torn_note_hides_no_later_one(tmp_path: Path, torn: int) -> None:
    first, second, third = (Deletion(1, Span(number, 9), number) for number in (1, 2, 3))
    deletions.note(tmp_path, first)
    deletions.note(tmp_path, second)
    path = tmp_path / "deletions"
    os.truncate(path, path.stat().st_size - torn)
    deletions.note(tmp_path, third)
    assert noted(tmp_path) == [first, third]
