"""Scenarios that come with the simulators, and scenarios made from numbers of devices."""

from collections.abc import Mapping
from importlib import resources

from iotflow_simulators.scenario.document import ScenarioError, nearest
from iotflow_simulators.scenario.loader import loads
from iotflow_simulators.scenario.scenario import Scenario


def names() -> list[str]:
    """The names of all presets."""
    files = resources.files(__name__).iterdir()
    return sorted(file.name.removesuffix(".yaml") for file in files if file.name.endswith(".yaml"))


def text(name: str) -> str:
    """The scenario file of a preset. Raises ScenarioError where there is none of that name."""
    if name not in names():
        raise ScenarioError(f"There is no preset `{name:.60}`; {nearest(name, names())}")
    return (resources.files(__name__) / f"{name}.yaml").read_text(encoding="utf-8")


def preset(name: str) -> Scenario:
    """A preset by its name. Raises ScenarioError where there is none."""
    return loads(text(name), f"{name}.yaml")


def custom(devices: Mapping[str, int], *, seconds: int = 300, interval: int = 10, seed: int = 1) -> Scenario:
    """A scenario with this many devices of each model. seconds: its length. interval: in seconds. Raises ScenarioError."""
    fleets = [
        f"- {{name: {model}, model: {model}, devices: {count}, interval: {interval}s}}"
        for model, count in devices.items()
        if count
    ]
    head = f"name: custom\nseed: {seed}\nduration: {seconds}s\nfleets:\n"
    return loads(head + "\n".join(fleets or ["  []"]), "custom")
