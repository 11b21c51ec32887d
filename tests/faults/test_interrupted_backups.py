"""Backups and restores that are killed or fill the disk: the file and the folder are the earlier ones or the new ones."""

import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from iotflow_server.data_folder import SERVER_LOCK, reserved
from tests.faults.disk import small_disk
from tests.support.processes import IOTFLOW
from tests.support.safekeeping import content_of, iotflow, members_of

PATIENCE = 120.0
# Readings of random values, which take some megabytes also when they are compressed.
ADD = """
WITH RECURSIVE number(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM number WHERE i < ?)
INSERT INTO reading SELECT 1, i, random() FROM number
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a service with many readings, not running."""
    folder = tmp_path_factory.mktemp("large") / "data"
    iotflow("init-db", "--data-dir", folder).succeeded()
    for name in ("admin-token", "gateway-token", "key-secret"):
        (folder / name).write_text("0f7Gk2Lq9Zs4Xw8Rb1Nc6Vm3Td5Hy0Jp")
    with closing(sqlite3.connect(folder / "telemetry.db", isolation_level=None)) as connection:
        connection.execute("CREATE TABLE reading (series, time, value, PRIMARY KEY (series, time)) WITHOUT ROWID")
        connection.execute(ADD, (500_000,))
    return folder


@contextmanager
def started(*arguments: str | Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A command that runs; killed at the end."""
    with subprocess.Popen(
        [IOTFLOW, *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def killed_when(process: "subprocess.Popen[bytes]", reached: Callable[[], bool]) -> None:
    """Kill the process as soon as it has reached a state, which must be before its end."""
    deadline = time.monotonic() + PATIENCE
    while not reached():
        assert process.poll() is None, process.stderr and process.stderr.read()
        assert time.monotonic() < deadline
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def size(path: Path) -> int:
    """0 for a file that does not exist."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def test_a_killed_backup_leaves_the_earlier_file(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    file.write_text("earlier")
    states = (
        lambda: size(tmp_path / ".backup.work" / "telemetry.db") > 0,
        lambda: size(tmp_path / ".backup.draft") > 0,
        lambda: size(tmp_path / ".backup.draft") > 4 * 2**20,
    )
    for reached in states:
        with started("backup", "--data-dir", folder, file) as process:
            killed_when(process, reached)
        assert file.read_text() == "earlier"
    iotflow("backup", "--data-dir", folder, file).succeeded()
    assert "manifest.json" in members_of(file.read_bytes())
    assert list(tmp_path.iterdir()) == [file]


def test_a_killed_restore_leaves_the_earlier_data(folder: Path, tmp_path: Path) -> None:
    file, target = tmp_path / "backup", tmp_path / "data"
    iotflow("backup", "--data-dir", folder, file).succeeded()
    target.mkdir()
    (target / "registry.db").write_text("earlier")
    new = target / "restore" / "new"
    states = (new.exists, lambda: size(new / "telemetry.db") > 0, lambda: size(new / "registry.db") > 0)
    for reached in states:
        with started("restore", "--yes", "--data-dir", target, file) as process:
            killed_when(process, reached)
        with reserved(target, SERVER_LOCK):
            assert content_of(target) == {"registry.db": b"earlier"}
    iotflow("restore", "--yes", "--data-dir", target, file).succeeded()
    assert (target / "key-secret").read_bytes() == (folder / "key-secret").read_bytes()


def test_a_full_disk_ends_a_backup_with_a_sentence(folder: Path, tmp_path: Path) -> None:
    copies = sum(path.stat().st_size for path in folder.glob("*.db"))
    # Too small for the copies, and too small for the backup beside them.
    for number, room in enumerate((copies // 2, copies + 2**20)):
        with small_disk(tmp_path / str(number), -(-room // 2**20)) as disk:
            (disk / "backup").write_text("earlier")
            done = iotflow("backup", "--data-dir", folder, disk / "backup")
            assert done.code == 1
            assert "disk" in done.errors
            assert "full" in done.errors
            assert "Traceback" not in done.errors
            assert (disk / "backup").read_text() == "earlier"
            assert len(list(disk.iterdir())) == 1


def test_a_full_disk_ends_a_restore_with_a_sentence(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    iotflow("backup", "--data-dir", folder, file).succeeded()
    with small_disk(tmp_path / "disk", 4) as disk:
        (disk / "registry.db").write_text("earlier")
        done = iotflow("restore", "--yes", "--data-dir", disk, file)
        assert (done.code, "The disk is full" in done.errors) == (1, True), done.errors
        assert content_of(disk) == {"registry.db": b"earlier"}
