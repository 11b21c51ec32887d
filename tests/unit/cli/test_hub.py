"""The commands of `iotflow simulate --interactive`: what they answer without a service, and what they reject."""

from collections import deque
from types import SimpleNamespace
from typing import Any

import pytest

from iotflow_cli.shells.prompt import StatementError
from iotflow_cli.simulators.hub.background_run import BackgroundRun
from iotflow_cli.simulators.hub.hub import LONGEST_LINE, MOST_DEVICES, MOST_READINGS, Hub
from iotflow_cli.simulators.hub.injection import injected
from iotflow_cli.simulators.scenarios import chosen_scenario
from iotflow_simulators import SimulationError, presets
from iotflow_simulators.doors.link import Outgoing
from iotflow_simulators.faults.registry import FAULTS
from iotflow_simulators.presets import custom
from iotflow_simulators.scenario.scenario import Fault, Scenario

TARGET = custom({"temperature": 3})
NAME = "temperature-1"


def no_service(_: Scenario) -> BackgroundRun:
    raise SimulationError("No server answers.")


def choose(text: str) -> Scenario:
    """A preset; or as many devices as a number."""
    return custom({"basic": int(text)}) if text.isdigit() else chosen_scenario(text, None, None)


def hub(scenario: str | None = None) -> Hub:
    return Hub(choose, no_service, scenario)


# Lines, and a part of the answer to the last one.
ANSWERS: list[tuple[list[str], str]] = [
    (["help"], "fault [KIND DEVICE [for=TIME] [PARAMETER=VALUE …]]"),
    (["list"], "Choose one of these"),
    (["choose home"], "home: 9 devices, 600 s. Next: start"),
    (["choose home", "list"], "home is chosen."),
    (["choose home", "choose 'office'"], "office: 16 devices"),
    (["fault"], "network_failure  the connection breaks while readings are sent"),
]
# Lines, and a part of the error of the last one.
ERRORS: list[tuple[list[str], str]] = [
    (["fly"], "'fly' is unknown; `help` lists the commands."),
    (["x" * LONGEST_LINE + "x"], "at most 1000 are accepted"),
    (["list 'a"], "The line cannot be read: No closing quotation."),
    (["choose"], "usage: choose SCENARIO"),
    (["start now"], "usage: start"),
    (["fault " + "a=b " * 19], "usage: fault"),
    (["choose hom"], "did you mean `home`?"),
    (["choose nothing.yaml"], "No such file or directory"),
    ([f"choose {MOST_DEVICES + 1}"], "at most 10000 are accepted here"),
    (["start"], "No scenario is chosen"),
    (["choose home", "start"], "No server answers."),
    (["choose home", "start", "show"], "Nothing runs"),
    (["stop"], "Nothing runs"),
    (["show x"], "Nothing runs"),
    (["last x"], "Nothing runs"),
    (["fault stuck x"], "Nothing runs"),
]


@pytest.mark.parametrize(("lines", "part"), ANSWERS, ids=lambda value: str(value)[:40])
def test_a_command_answers(lines: list[str], part: str) -> None:
    commands = hub()
    *_, answer = [commands.execute(line) for line in lines]
    assert part in answer


@pytest.mark.parametrize(("lines", "part"), ERRORS, ids=lambda value: str(value)[:40])
def test_a_command_is_rejected_and_the_hub_goes_on(lines: list[str], part: str) -> None:
    commands = hub()
    errors = []
    for line in lines:
        try:
            commands.execute(line)
        except StatementError as error:
            errors.append(str(error))
    assert part in errors[-1]
    assert "choose SCENARIO" in commands.execute("help")
    assert commands.close() == ""


def run_of_one_device(scenario: Scenario) -> Any:
    """A run of which all is over, with as many readings as are held."""
    readings = [
        Outgoing(number, 0.0, number, {"temperature": number}, b"", fate="acknowledged")
        for number in range(MOST_READINGS)
    ]
    session = SimpleNamespace(last=deque(readings))
    engine = SimpleNamespace(names=[NAME], session=lambda _: session)
    return SimpleNamespace(scenario=scenario, engine=engine, is_over=True, ask=lambda question: question(engine))


@pytest.mark.parametrize(("words", "shown"), [("", 5), (" 1", 1), (" 7", 7), (f" {MOST_READINGS}", MOST_READINGS)])
def test_the_last_readings_of_a_device_are_shown_the_newest_last(words: str, shown: int) -> None:
    commands = Hub(choose, run_of_one_device, "home")
    commands.execute("start")
    lines = commands.execute(f"last {NAME}{words}").splitlines()
    assert [line.split()[1] for line in lines] == [
        f"temperature={number}" for number in range(MOST_READINGS - shown, MOST_READINGS)
    ]
    assert all(line.endswith("  acknowledged") for line in lines)


@pytest.mark.parametrize("number", ["0", "11", "-1", "010", "x", "1.5", "٣"])
def test_another_number_of_readings_is_refused_with_its_bounds(number: str) -> None:
    commands = Hub(choose, run_of_one_device, "home")
    commands.execute("start")
    with pytest.raises(StatementError, match="The number must be from 1 to 10."):
        commands.execute(f"last {NAME} {number}")


def test_a_device_that_is_not_there_is_refused_with_a_similar_name() -> None:
    commands = Hub(choose, run_of_one_device, "home")
    commands.execute("start")
    with pytest.raises(StatementError, match=f"did you mean '{NAME}'"):
        commands.execute("last temperature-2")
    with pytest.raises(StatementError, match="`list` shows the devices"):
        commands.execute("last x")


def test_lists_have_all_presets_and_all_kinds_of_faults() -> None:
    listed, kinds = hub().execute("list"), hub().execute("fault")
    assert all(name in listed for name in presets.names())
    assert all(name in kinds for name in FAULTS)


def test_a_scenario_can_be_chosen_at_the_start() -> None:
    assert "home is chosen." in hub("home").execute("list")
    with pytest.raises(SimulationError, match="There is no preset"):
        hub("nothing")


def test_a_fault_is_that_of_a_scenario_file() -> None:
    settings = ["for=90s", "probability=0.5", "magnitude=30", "measurement=humidity"]
    parameters = {"probability": 0.5, "magnitude": 30.0, "measurement": "humidity"}
    expected = Fault("spikes", "injected-3", devices=(NAME,), lasting=90_000, parameters=parameters)
    assert injected("spikes", NAME, settings, 3, TARGET) == expected
    for text, payloads in (("truncated", ("truncated",)), ("empty,nested", ("empty", "nested"))):
        found = injected("malformed", NAME, [f"payloads={text}"], 1, TARGET)
        assert found.parameters["payloads"] == payloads


@pytest.mark.parametrize(
    ("kind", "settings", "problem"),
    [
        ("spikez", [], "did you mean `spikes`?"),
        ("spikes", ["probability"], "'probability' is not a setting"),
        ("spikes", ["probability=2"], "parameters.probability: 2 is not from 0 to 1."),
        ("spikes", ["for=30"], "for: a duration with its unit"),
        ("spikes", ["colour=red"], "parameters.colour: this key is unknown"),
        ("spikes", ["for=5s", "for=6s"], "for is stated twice"),
        ("spikes", ["at=5s"], "parameters.at: this key is unknown"),
        ("spikes", ["x: 1, y=1"], "is not a setting"),
        ("spikes", ["measurement=" + "x" * 101], "is not a setting"),
        ("spikes", ["measurement=a}b"], "is not a setting"),
        ("drift", [], "the key `parameters.per_hour` is missing"),
        ("kind: x", [], "is unknown"),
    ],
)
def test_a_fault_that_does_not_fit_is_rejected(kind: str, settings: list[str], problem: str) -> None:
    with pytest.raises(SimulationError) as caught:
        injected(kind, NAME, settings, 1, TARGET)
    assert problem in str(caught.value)
    assert not str(caught.value).startswith("fault:")
