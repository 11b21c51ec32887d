"""A crash of the machine takes no file and no folder that the journal has made, and brings none back that it has removed."""

import os
from pathlib import Path

import pytest

from iotflow_server.telemetry.journal.disk.journal_files import JournalFiles
from tests.contract.readings import doubles


class Syncs:
    """What was in each folder when it was synchronized last."""

    def __init__(self) -> None:
        self.names: dict[Path, set[str]] = {}

    def note(self, descriptor: int) -> None:
        path = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
        if path.is_dir():
            self.names[path] = set(os.listdir(path))


@pytest.fixture
def syncs(monkeypatch: pytest.MonkeyPatch) -> Syncs:
    syncs, fsync = Syncs(), os.fsync

    def note(descriptor: int) -> None:
        syncs.note(descriptor)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    return syncs


def test_new_folders_and_segments_are_synced_into_the_folders_that_hold_them(tmp_path: Path, syncs: Syncs) -> None:
    root = tmp_path / "journals"
    # The second finds all that processes share.
    first, second = JournalFiles(root, 2**20), JournalFiles(root, 2**20)
    for files in (first, second):
        files.open()
        files.append([[doubles(1, {1: 1.0})]])
    segments = list(root.glob("*/*.segment"))
    assert {segment.parent.name for segment in segments} <= syncs.names[root]
    assert len(segments) == sum(segment.name in syncs.names[segment.parent] for segment in segments) == 2
    second.close()
    first.close()
