"""The scenarios of the clients are valid, and invalid ones are rejected with the place of the fault."""

import re
from pathlib import Path

import pytest

from clients.conformance.languages import languages
from clients.conformance.scenario import FOLDER, InvalidScenario, load, read
from clients.conformance.steps.base import vocabulary

README = FOLDER.with_name("README.md")


def test_all_scenarios_are_valid_and_have_names_of_their_own() -> None:
    assert len(load()) >= 40
    assert all(scenario.steps for scenario in load())


def test_each_language_is_one_line_of_the_table() -> None:
    assert set(languages()) == {"python", "go", "typescript", "java", "rust", "c"}


@pytest.mark.parametrize(
    ("steps", "complaint"),
    [
        ("[proxy.explode]", "step 1: there is no step 'proxy.explode'"),
        ("[connect, {add: {}}]", r"step 2 \(add\): count: Field required"),
        ("[{add: {count: 1, times: 2}}]", r"step 1 \(add\): times: Extra inputs"),
        ("[{repeat: {steps: [connect]}}]", "give `times` or `over`"),
        ("[{repeat: {times: 2, steps: [connect, nothing]}}]", "step 2: there is no step 'nothing'"),
        ("connect", "steps must be a list"),
    ],
)
def test_the_place_of_a_fault_is_named(tmp_path: Path, steps: str, complaint: str) -> None:
    (tmp_path / "writer.yaml").write_text(f"name: one\ndescription: A promise.\nsteps: {steps}\n")
    with pytest.raises(InvalidScenario, match=rf"writer\.yaml: one: .*{complaint}"):
        list(read(tmp_path / "writer.yaml"))


def test_a_name_is_used_once(tmp_path: Path) -> None:
    text = "name: one\ndescription: A promise.\nsteps: [connect]\n"
    for area in ("reading", "writer"):
        (tmp_path / f"{area}.yaml").write_text(text)
    with pytest.raises(InvalidScenario, match="used more than once: one"):
        load(tmp_path)


def test_ten_scenarios_are_the_short_run() -> None:
    assert sum(scenario.smoke for scenario in load()) == 10


def test_the_vocabulary_is_documented() -> None:
    documented = set(re.findall(r"`([a-z_.]+)`", README.read_text()))
    assert set(vocabulary()) <= documented
