"""A crash of the machine takes no file and no folder that the journal has made, and brings none back that it has removed."""

import os
from pathlib import Path

import pytest

from iotflow_server.telemetry.journal.disk.journal_files import JournalFiles
from tests.contract.readings import doubles


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The paths that were synchronized, in order."""
    paths: list[Path] = []
    fsync = os.fsync

    def note(descriptor: int) -> None:
        paths.append(Path(os.readlink(f"/proc/self/fd/{descriptor}")))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    return paths


def test_a_new_folder_and_a_new_segment_are_synced_into_the_folders_that_hold_them(
    tmp_path: Path, synced: list[Path]
) -> None:
    root = tmp_path / "journals"
    files = JournalFiles(root, 2**20)
    files.open()
    assert root in synced
    synced.clear()
    files.append([[doubles(1, {1: 1.0})]])
    (segment,) = root.glob("*/*.segment")
    assert segment.parent in synced
    synced.clear()
    files.append([[doubles(1, {2: 2.0})]])
    assert segment.parent not in synced
    files.close()
