"""The key store of the command line."""

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from iotflow_simulators import SimulationError
from iotflow_simulators.registration import KeyStore


def test_keys_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    keys = KeyStore(tmp_path / "data")
    assert keys.key("a") is None
    keys.check_writable()
    keys.keep("a", "first")
    keys.keep("b/ü", "second")
    keys.keep("a", "third")
    assert json.loads(keys.path.read_text()) == {"a": "third", "b/ü": "second"}
    assert stat.S_IMODE(keys.path.stat().st_mode) == 0o600
    assert [path.name for path in keys.path.parent.iterdir()] == ["device-keys.json"]
    assert KeyStore(tmp_path / "data").key("a") == "third"


@pytest.mark.parametrize("content", ["{", "[]", "\xff"])
def test_a_file_without_keys_is_not_changed(tmp_path: Path, content: str) -> None:
    keys = KeyStore(tmp_path)
    keys.path.write_bytes(content.encode("latin-1"))
    with pytest.raises(SimulationError, match="not a JSON object"):
        keys.key("a")
    with pytest.raises(SimulationError, match="not a JSON object"):
        keys.keep("a", "key")
    assert keys.path.read_bytes() == content.encode("latin-1")


def test_the_error_of_an_unusable_folder_names_it(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SimulationError, match="cannot be written: File exists"):
        KeyStore(tmp_path / "file" / "data").keep("a", "key")


def test_keys_that_come_at_the_same_time_are_all_kept(tmp_path: Path) -> None:
    names = [f"device-{number}" for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        # As several programs do: each store reads the file, and writes it with one key more.
        list(pool.map(lambda name: KeyStore(tmp_path).keep(name, name), names))
    assert KeyStore(tmp_path).all() == {name: name for name in names}
