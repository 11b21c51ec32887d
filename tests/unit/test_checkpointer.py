"""A checkpoint drops records from the journal only if the backend kept what it flushed."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.journal.journal import Journal
from iotflow_server.telemetry.journal.recovery.checkpointer import Checkpointer
from tests.contract.readings import doubles


class Backend:
    """A backend that restarts, or is away, during a flush."""

    def __init__(self) -> None:
        self.epoch = 0
        self.restarts = False
        self.away = False

    async def flush(self) -> None:
        self.epoch += self.restarts
        if self.away:
            raise Unavailable("STORE_UNAVAILABLE", "away")


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    """A journal with one record."""
    journal = Journal(tmp_path / "journals", 2**20, 2**20)
    await journal.open()
    await journal.append([doubles(1, {1: 1.0})])
    yield journal
    await journal.close()


@pytest.fixture
def backend() -> Any:
    return Backend()


@pytest.fixture
async def checkpointer(backend: Any, journal: Journal) -> Checkpointer:
    checkpointer = Checkpointer(backend, backend, journal, 0.001)
    await checkpointer.begin()
    return checkpointer


async def test_a_checkpoint_empties_the_journal(checkpointer: Checkpointer, journal: Journal) -> None:
    await checkpointer.run_once()
    assert (journal.bytes, checkpointer.behind, checkpointer.due.is_set()) == (0, False, False)


async def test_a_backend_that_restarts_during_a_flush_is_behind_and_the_journal_is_kept(
    checkpointer: Checkpointer, journal: Journal, backend: Backend
) -> None:
    backend.restarts = True
    await checkpointer.run_once()
    assert journal.bytes
    assert (checkpointer.behind, checkpointer.due.is_set(), checkpointer.available) == (True, True, True)


async def test_a_backend_that_cannot_flush_is_behind_and_not_available(
    checkpointer: Checkpointer, journal: Journal, backend: Backend
) -> None:
    backend.away = True
    with pytest.raises(Unavailable):
        await checkpointer.run_once()
    assert journal.bytes
    assert (checkpointer.behind, checkpointer.due.is_set(), checkpointer.available) == (True, True, False)


async def test_a_journal_is_not_reported_as_empty_after_a_restart_during_the_flush(
    checkpointer: Checkpointer, backend: Backend
) -> None:
    backend.restarts = True
    with pytest.raises(Unavailable, match="does not have all readings yet"):
        await checkpointer.empty_journal()


async def test_a_journal_is_not_emptied_while_the_backend_is_behind(
    checkpointer: Checkpointer, journal: Journal, backend: Backend
) -> None:
    checkpointer.fall_behind(available=True)
    # A flush would raise another error.
    backend.away = True
    with pytest.raises(Unavailable, match="does not have all readings yet"):
        await checkpointer.empty_journal()
    assert journal.bytes


async def test_a_journal_is_not_reported_as_empty_after_a_replay_by_another_process_meanwhile(
    checkpointer: Checkpointer, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark_flushed = journal.mark_flushed

    async def during_a_replay(number: int) -> bool:
        journal.coordinator.fall_behind()
        try:
            return await mark_flushed(number)
        finally:
            journal.files.shared.behind = False

    monkeypatch.setattr(journal, "mark_flushed", during_a_replay)
    with pytest.raises(Unavailable, match="does not have all readings yet"):
        await checkpointer.empty_journal()
    assert journal.bytes


async def test_an_emptied_journal_is_reported_as_empty_although_the_backend_falls_behind_afterwards(
    checkpointer: Checkpointer, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark_flushed = journal.mark_flushed

    async def before_a_restart(number: int) -> bool:
        try:
            return await mark_flushed(number)
        finally:
            journal.coordinator.fall_behind()

    monkeypatch.setattr(journal, "mark_flushed", before_a_restart)
    await checkpointer.empty_journal()
    assert (journal.bytes, checkpointer.behind) == (0, True)
