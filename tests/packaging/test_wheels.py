"""Content and requirements of the wheels."""

import email
import zipfile
from email.message import Message
from pathlib import Path, PurePosixPath

import pytest
from packaging.requirements import Requirement

from tests.packaging.environment import PROJECTS, ROOT, output

pytestmark = pytest.mark.packaging


def names(wheel: Path) -> set[str]:
    """The files of a wheel without its metadata."""
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return email.message_from_bytes(archive.read(name))


@pytest.mark.parametrize("distribution", PROJECTS)
def test_a_wheel_has_no_package_but_its_own(wheels: dict[str, Path], distribution: str) -> None:
    _, package = PROJECTS[distribution]
    assert {PurePosixPath(name).parts[0] for name in names(wheels[distribution])} == ({package} if package else set())


@pytest.mark.parametrize("distribution", [name for name, (_, package) in PROJECTS.items() if package])
def test_a_wheel_has_every_file_of_its_package(wheels: dict[str, Path], distribution: str) -> None:
    project, package = PROJECTS[distribution]
    folder = ROOT / project
    tracked = output("git", "ls-files", "--cached", "--others", "--exclude-standard", str(package), folder=folder)
    present = {name for name in tracked.splitlines() if (folder / name).exists()}
    assert names(wheels[distribution]) == present


def test_the_command_ships_the_configuration_of_envoy_and_mosquitto(wheels: dict[str, Path]) -> None:
    shipped = {"envoy/envoy.yaml", "envoy/rest.lua", "mosquitto/acl", "mosquitto/mosquitto.conf"}
    assert {f"iotflow_cli/{name}" for name in shipped} <= names(wheels["iotflow-cli"])


def test_all_have_one_version(wheels: dict[str, Path]) -> None:
    [version] = {metadata(wheel)["Version"] for wheel in wheels.values()}
    own = [requirement for wheel in wheels.values() for requirement in required(wheel) if ours(requirement)]
    assert {str(requirement.specifier) for requirement in own} == {f"=={version}"}
    assert {requirement.name for requirement in required(wheels["iotflow"])} == PROJECTS.keys() - {"iotflow"}


@pytest.mark.parametrize("distribution", PROJECTS)
def test_each_dependency_has_a_lower_and_an_upper_bound(wheels: dict[str, Path], distribution: str) -> None:
    foreign = [requirement for requirement in required(wheels[distribution]) if not ours(requirement)]
    bounds = {requirement.name: sorted(one.operator for one in requirement.specifier) for requirement in foreign}
    assert bounds == {name: ["<", ">="] for name in bounds}


def required(wheel: Path) -> list[Requirement]:
    return [Requirement(text) for text in metadata(wheel).get_all("Requires-Dist", [])]


def ours(requirement: Requirement) -> bool:
    return requirement.name in PROJECTS
