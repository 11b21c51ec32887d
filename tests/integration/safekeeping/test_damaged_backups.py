"""A backup that is damaged, cut off, foreign or newer is refused, and the data folder stays as it is."""

import hashlib
import json
import tarfile
from pathlib import Path

import pytest

from iotflow_cli.output.failures import CommandError
from iotflow_cli.safekeeping.archive_reader import ArchiveReader
from iotflow_cli.safekeeping.restore import check_known, restore
from iotflow_cli.safekeeping.sources import SECRETS
from iotflow_server import VERSION
from iotflow_server.data_folder import SAFEKEEPING_LOCK, reserved
from tests.support.safekeeping import Members, content_of, iotflow, members_of, packed

DESCRIPTION, MANIFEST, DIGEST = "iotflow-backup.json", "manifest.json", "manifest.sha256"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with content of its own."""
    (tmp_path / "journal").mkdir()
    for name in ("registry.db", "telemetry.db", "key-secret", "journal/record"):
        (tmp_path / name).write_text(f"earlier {name}")
    return tmp_path


def refusal(folder: Path, backup: bytes, file: Path) -> str:
    """The reason for which a restore is refused; nothing is changed."""
    before = content_of(folder)
    file.write_bytes(backup)
    with reserved(folder, SAFEKEEPING_LOCK), file.open("rb") as stream, pytest.raises(CommandError) as raised:
        archive = ArchiveReader(stream, VERSION, SECRETS)
        check_known(archive.description)
        restore(archive, folder, lambda _: None)
    assert content_of(folder) == before
    assert not (folder / "restore").exists()
    return raised.value.reason


@pytest.fixture
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("damaged") / "backup"


def flipped(data: bytes, place: int) -> bytes:
    """The data with one bit of a byte changed."""
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def test_one_changed_bit_in_any_part_is_found(backup: Path, folder: Path, file: Path) -> None:
    members = members_of(backup.read_bytes())
    assert {"registry.db", "telemetry.db", "key-secret", "admin-token", "gateway-token", MANIFEST} < set(members)
    for name, data in members.items():
        for place in (0, len(data) // 2, len(data) - 2):
            reason = refusal(folder, packed({**members, name: flipped(data, place)}), file)
            assert reason in ("BACKUP_DAMAGED", "BACKUP_NEWER"), name


def test_one_changed_bit_anywhere_in_the_file_changes_nothing(backup: Path, folder: Path, file: Path) -> None:
    data = backup.read_bytes()
    original = members_of(data)
    for place in range(0, len(data), max(1, len(data) // 40)):
        changed = flipped(data, place)
        try:
            same = members_of(changed) == original
        except (OSError, ValueError, AssertionError, EOFError, tarfile.TarError):
            same = False
        # Some bits of the compression have no meaning.
        if not same:
            refusal(folder, changed, file)


def test_a_file_that_is_cut_off_is_refused(backup: Path, folder: Path, file: Path) -> None:
    data = backup.read_bytes()
    for size in (0, 3, 4, 100, len(data) // 2, len(data) - 1):
        assert refusal(folder, data[:size], file) in ("NOT_A_BACKUP", "BACKUP_DAMAGED"), size


def test_missing_and_additional_parts_are_found(backup: Path, folder: Path, file: Path) -> None:
    members = members_of(backup.read_bytes())
    for name in members:
        rest = {other: data for other, data in members.items() if other != name}
        assert refusal(folder, packed(rest), file) in ("NOT_A_BACKUP", "BACKUP_DAMAGED"), name
    for name in ("../outside", "/etc/outside", "journal/../../outside", "unknown", "journal/00000001"):
        assert refusal(folder, packed(with_part(members, name)), file) == "BACKUP_DAMAGED", name


def with_part(members: Members, name: str) -> Members:
    """The members with one more before the manifest."""
    ends = {key: members[key] for key in (MANIFEST, DIGEST)}
    parts = {key: data for key, data in members.items() if key not in ends}
    return {**parts, name: b"more", **ends}


def test_foreign_files_are_refused(folder: Path, file: Path) -> None:
    for foreign in (b"PK\x03\x04 a zip file", b"x" * 100_000, packed({"readme": b"another archive"})):
        assert refusal(folder, foreign, file) == "NOT_A_BACKUP"


def described(members: Members, **changes: object) -> bytes:
    """A backup that is whole, with another description."""
    description = {**json.loads(members[DESCRIPTION]), **changes}
    manifest = json.dumps({**json.loads(members[MANIFEST]), **changes}).encode()
    digest = hashlib.sha256(manifest).hexdigest().encode()
    return packed({**members, DESCRIPTION: json.dumps(description).encode(), MANIFEST: manifest, DIGEST: digest})


def test_a_backup_of_a_newer_version_is_refused_by_its_name(backup: Path, folder: Path, file: Path) -> None:
    members = members_of(backup.read_bytes())
    for changes in ({"version": "99.1.0"}, {"format": 2}, {"revision": "9999"}):
        assert refusal(folder, described(members, **changes), file) == "BACKUP_NEWER"
    file.write_bytes(described(members, version="99.1.0"))
    done = iotflow("restore", "--yes", "--data-dir", folder, file)
    assert done.code == 1
    assert "IoTFlow 99.1.0 made the backup" in done.errors


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
@pytest.mark.parametrize("name", [DESCRIPTION, "admin-token", "registry.db", MANIFEST])
def test_a_part_that_is_no_file_is_refused(backup: Path, folder: Path, file: Path, name: str, kind: bytes) -> None:
    members = members_of(backup.read_bytes())
    link = tarfile.TarInfo(name)
    link.type, link.linkname = kind, "/etc/passwd"
    assert refusal(folder, packed({**members, name: link}), file) == "BACKUP_DAMAGED"


@pytest.mark.parametrize(
    "changes",
    [
        {"version": "9" * 5_000},
        {"version": None},
        {"stamp": 5},
        {"store": "another"},
        {"revision": 5},
        {"left_out": 5},
        {"left_out": [5]},
        {"unknown": 1},
    ],
)
def test_a_description_with_other_values_is_refused(
    backup: Path, folder: Path, file: Path, changes: dict[str, object]
) -> None:
    reason = refusal(folder, described(members_of(backup.read_bytes()), **changes), file)
    assert reason in ("BACKUP_DAMAGED", "BACKUP_NEWER")


@pytest.mark.parametrize("name", [DESCRIPTION, MANIFEST])
def test_a_description_that_is_nested_without_end_is_refused(backup: Path, folder: Path, file: Path, name: str) -> None:
    nested = b'{"a":' * 100_000
    members = {**members_of(backup.read_bytes()), name: nested}
    members[DIGEST] = hashlib.sha256(members[MANIFEST]).hexdigest().encode()
    assert refusal(folder, packed(members), file) == "BACKUP_DAMAGED"
