"""The wheels, built once for all tests of this folder, and an environment with all of them."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.packaging.environment import PINS, PROJECTS, Environment
from tools.wheels import build

Wheels = dict[str, Path]


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Wheels:
    """The file of each distribution, by name."""
    folder = tmp_path_factory.mktemp("wheels")
    build(folder)
    built = {file.name.split("-")[0].replace("_", "-"): file for file in folder.glob("*.whl")}
    assert built.keys() == PROJECTS.keys()
    return built


@pytest.fixture(scope="session")
def everything(wheels: Wheels, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    """All distributions and the pinned requirements."""
    environment = Environment(tmp_path_factory.mktemp("everything") / "env")
    environment.install("--require-hashes", "-r", PINS)
    environment.install("--no-deps", *wheels.values())
    yield environment
    # Half a gigabyte, which pytest would keep for three runs otherwise.
    shutil.rmtree(environment.folder)
