"""Files and folders of a journal are readable by their owner only, whatever the mask of the process."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from iotflow_server.auth.secret_files import ADMIN_TOKEN, kept_secret
from iotflow_server.data_folder import reserved
from iotflow_server.telemetry.journal.copying import NewJournal
from iotflow_server.telemetry.journal.journal import Journal
from iotflow_server.telemetry.journal.recovery.exclusions import Deletion, record_deletion
from iotflow_server.telemetry.ports import Span
from tests.contract.readings import doubles
from tests.integration.journal.forgetful import journals


@pytest.fixture(autouse=True)
def no_mask() -> Iterator[None]:
    """The process makes files with exactly the mode that the code states."""
    mask = os.umask(0)
    yield
    os.umask(mask)


def modes(folder: Path) -> dict[str, int]:
    """The modes of the folder and of all in it, by name."""
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.rglob("*"))}


async def test_a_journal_is_for_its_owner_only(root: Path) -> None:
    journal = Journal(root, 2**20, 2**20)
    await journal.open()
    number = await journal.append([doubles(1, {1: 1.0})])
    await journal.acknowledge_rejections(number)
    record_deletion(root, Deletion(1, Span(), number))
    with journal.replaying():
        async with journal.coordinator.appends_blocked():
            found = modes(root)
    own = journals(root)[0].name
    await journal.close()
    (segment,) = (name for name in found if name.endswith(".segment"))
    folders = dict.fromkeys((root.name, own), 0o700)
    assert found == folders | {name: 0o600 for name in found if name not in folders}
    assert {"clock", "board", "deletions", "rejections", "replay", "under-way", segment} <= found.keys()


def test_a_restored_journal_is_for_its_owner_only(root: Path) -> None:
    journal = NewJournal(root)
    journal.append(b"a record")
    journal.acknowledge_rejections(1)
    journal.close()
    (own,) = journals(root)
    found = modes(root)
    folders = dict.fromkeys((root.name, own.name), 0o700)
    assert found == folders | {name: 0o600 for name in found if name not in folders}
    assert len(found) == 4


def test_a_data_folder_and_its_secrets_are_for_their_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with reserved(folder, "lock"):
        kept_secret(folder, ADMIN_TOKEN)
        found = modes(folder)
    assert (found["data"], found[ADMIN_TOKEN]) == (0o700, 0o600)
