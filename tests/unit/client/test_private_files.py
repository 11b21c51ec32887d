"""Files and folders that only their owner can read."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from iotflow.private_files import make_private_folder, open_private, write_private


@pytest.fixture(autouse=True)
def open_mask() -> Iterator[None]:
    """Without a mask, modes are those that the program gives."""
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_folders_are_made_for_their_owner_and_those_that_exist_are_left(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    for _ in range(2):
        make_private_folder(tmp_path / "a" / "b" / "c")
    assert [mode(tmp_path / each) for each in ("", "a", "a/b", "a/b/c")] == [0o755, 0o700, 0o700, 0o700]


def test_a_folder_of_a_relative_path_is_made_in_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make_private_folder(Path("a/b"))
    assert mode(tmp_path / "a" / "b") == 0o700


def test_a_link_to_a_folder_is_a_folder_and_one_to_nothing_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "dangling").symlink_to("nothing")
    make_private_folder(tmp_path / "link" / "queue")
    assert (tmp_path / "real" / "queue").is_dir()
    for name in ("dangling", "dangling/queue"):
        with pytest.raises(FileExistsError):
            make_private_folder(tmp_path / name)


def test_a_file_is_made_for_its_owner_and_not_through_a_link(tmp_path: Path) -> None:
    os.close(open_private(tmp_path / "file", os.O_RDWR))
    assert mode(tmp_path / "file") == 0o600
    (tmp_path / "link").symlink_to("other")
    with pytest.raises(OSError, match="symbolic links"):
        open_private(tmp_path / "link", os.O_RDWR)
    assert not (tmp_path / "other").exists()


def test_a_written_file_replaces_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "file"
    for text in ("one", "zwölf"):
        write_private(path, text)
        assert (path.read_text(encoding="utf-8"), mode(path), mode(path.parent)) == (text, 0o600, 0o700)
    assert [each.name for each in path.parent.iterdir()] == ["file"]
