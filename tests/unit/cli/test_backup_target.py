"""The file of a backup: complete and on the disk, or the earlier one."""

import os
from pathlib import Path

import pytest

from iotflow_cli.output.failures import CommandError
from iotflow_cli.safekeeping.target import opened_target

CONTENT = b"a backup"


def write(file: Path, content: bytes = CONTENT) -> None:
    """Make a backup."""
    with opened_target(file, file.parent) as target:
        target.stream.write(content)


def test_a_backup_is_on_the_disk_before_and_after_it_gets_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash of the machine leaves the earlier backup, or this one."""
    file, fsync = tmp_path / "backup", os.fsync
    file.write_bytes(b"earlier")
    synced: list[tuple[Path, bytes, bytes]] = []

    def recorded(descriptor: int) -> None:
        path = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
        synced.append((path, path.read_bytes() if path.is_file() else b"", file.read_bytes()))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", recorded)
    write(file)
    assert synced == [(tmp_path / ".backup.draft", CONTENT, b"earlier"), (tmp_path, b"", CONTENT)]


def test_nothing_but_the_backup_is_left(tmp_path: Path) -> None:
    file = tmp_path / "backup"
    # Of a backup that was killed.
    (tmp_path / ".backup.draft").write_bytes(b"a longer draft of an earlier backup")
    (tmp_path / ".backup.work").mkdir()
    write(file)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"backup": CONTENT}
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_backup_that_fails_leaves_the_earlier_one(tmp_path: Path) -> None:
    file = tmp_path / "backup"
    write(file, b"earlier")
    with pytest.raises(ZeroDivisionError), opened_target(file, tmp_path) as target:
        target.stream.write(CONTENT)
        raise ZeroDivisionError
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"backup": b"earlier"}


def test_only_one_backup_at_a_time_goes_to_a_file(tmp_path: Path) -> None:
    file = tmp_path / "backup"
    with opened_target(file, tmp_path) as target:
        target.stream.write(CONTENT)
        with pytest.raises(CommandError, match="Another backup to this file is running"):
            write(file, b"another")
        write(tmp_path / "other", b"another")
    assert file.read_bytes() == CONTENT
