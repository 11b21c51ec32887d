"""Backup, restore and reset as commands."""

import json
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

from tests.support.safekeeping import content_of, iotflow, members_of
from tests.support.server_process import server


def test_a_restored_service_has_the_readings_the_keys_and_the_secrets(
    service_folder: Path, backup: Path, tmp_path: Path
) -> None:
    iotflow("restore", "--data-dir", tmp_path / "other", backup).succeeded()
    for name in ("admin-token", "gateway-token", "key-secret"):
        assert (tmp_path / "other" / name).read_bytes() == (service_folder / name).read_bytes()
    for file, query in (("telemetry.db", "SELECT * FROM reading"), ("registry.db", "SELECT key_hash FROM devices")):
        assert rows(tmp_path / "other" / file, query) == rows(service_folder / file, query) != []
    # The restored server is another one.
    assert rows(tmp_path / "other" / "registry.db", "SELECT * FROM servers") == []
    assert not (tmp_path / "other" / "server-id").exists()


def rows(file: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(query).fetchall()


def test_secrets_are_readable_by_their_owner_only(backup: Path, tmp_path: Path) -> None:
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    iotflow("restore", "--data-dir", tmp_path / "other", backup).succeeded()
    for path in (tmp_path / "other").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_a_backup_goes_through_pipes(service_folder: Path, tmp_path: Path) -> None:
    made = iotflow("--json", "backup", "--data-dir", service_folder, "-").succeeded()
    assert json.loads(made.errors)["stamp"]
    assert "manifest.json" in members_of(made.output)
    iotflow("restore", "--data-dir", tmp_path / "other", "-", data=made.output).succeeded()
    assert rows(tmp_path / "other" / "telemetry.db", "SELECT * FROM reading")
    assert not (service_folder / ".backup.work").exists()


def test_a_running_service_is_not_replaced_and_not_reset(backup: Path, tmp_path: Path) -> None:
    with server(tmp_path):
        for arguments in (("restore", backup), ("reset",)):
            done = iotflow(*arguments, "--yes", "--data-dir", tmp_path)
            assert (done.code, "The service runs on" in done.errors) == (6, True), done.errors


def test_data_is_replaced_only_after_a_yes_and_kept_aside(backup: Path, tmp_path: Path) -> None:
    (tmp_path / "registry.db").write_text("earlier")
    (tmp_path / "logs").mkdir()
    before = content_of(tmp_path)
    done = iotflow("restore", "--data-dir", tmp_path, backup)
    assert (done.code, "add --yes" in done.errors) == (2, True), done.errors
    assert content_of(tmp_path) == before
    done = iotflow("--json", "restore", "--yes", "--data-dir", tmp_path, backup).succeeded()
    aside = Path(json.loads(done.output)["earlier_data"])
    assert (aside / "registry.db").read_text() == "earlier"
    assert (tmp_path / "logs").is_dir()
    assert rows(tmp_path / "registry.db", "SELECT * FROM devices")


def test_a_reset_removes_the_data_only_after_a_yes(backup: Path, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    iotflow("restore", "--data-dir", folder, backup).succeeded()
    (folder / "logs").mkdir()
    assert iotflow("reset", "--data-dir", folder).code == 2
    assert (folder / "registry.db").exists()
    iotflow("reset", "--yes", "--data-dir", folder).succeeded()
    assert content_of(folder) == {}
    assert (folder / "logs").is_dir()


def test_a_folder_without_a_service_has_nothing_to_back_up(tmp_path: Path) -> None:
    done = iotflow("backup", "--data-dir", tmp_path / "none", tmp_path / "backup")
    assert (done.code, "There is no service to back up" in done.errors) == (3, True), done.errors
    assert not (tmp_path / "backup").exists()


def test_what_is_left_out_is_named(service_folder: Path, tmp_path: Path) -> None:
    env = {"IOTFLOW_KEY_SECRET": "0f7Gk2Lq9Zs4Xw8Rb1Nc6Vm3Td5Hy0Jp"}
    done = iotflow("backup", "--data-dir", service_folder, tmp_path / "backup", env=env).succeeded()
    assert "IOTFLOW_KEY_SECRET is a setting and is not in this backup" in done.errors
    description = json.loads(members_of((tmp_path / "backup").read_bytes())["iotflow-backup.json"])
    assert len(description["left_out"]) == 1
