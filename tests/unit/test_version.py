"""All distributions and clients have one version, which one command sets."""

import shutil
from pathlib import Path

import pytest

from tools.version import PLACES, ROOT, found, spelled, write


@pytest.mark.parametrize("place", PLACES)
def test_every_place_has_the_version_of_the_distribution(place: str) -> None:
    [version] = set(found(ROOT / "server/pyproject.toml", PLACES["server/pyproject.toml"][0]))
    for expression in PLACES[place]:
        assert set(found(ROOT / place, expression)) == {spelled(place, version)}


@pytest.mark.parametrize(
    ("version", "outside_python", "for_cmake"), [("9.8.7", "9.8.7", "9.8.7"), ("9.8.7rc2", "9.8.7-rc2", "9.8.7")]
)
def test_the_version_is_set_everywhere(tmp_path: Path, version: str, outside_python: str, for_cmake: str) -> None:
    for place in PLACES:
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / place, tmp_path / place)
    write(version, tmp_path)
    for place, expressions in PLACES.items():
        expected = {"pyproject.toml": version, "CMakeLists.txt": for_cmake}.get(Path(place).name, outside_python)
        for expression in expressions:
            assert set(found(tmp_path / place, expression)) == {expected}, place


def test_nothing_else_is_changed(tmp_path: Path) -> None:
    for place in PLACES:
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / place, tmp_path / place)
    [version] = set(found(ROOT / "server/pyproject.toml", PLACES["server/pyproject.toml"][0]))
    write("9.8.7", tmp_path)
    write(version, tmp_path)
    for place in PLACES:
        assert (tmp_path / place).read_bytes() == (ROOT / place).read_bytes()
