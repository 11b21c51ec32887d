"""Scenarios as data: read from YAML and checked before anything runs."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, SerializeAsAny, StringConstraints, ValidationError

# Enter the kinds of steps into the vocabulary.
from clients.conformance.steps import control, fleet, machine, proxy, relay, rows, server, testee, tls, vectors  # noqa: F401
from clients.conformance.steps.base import Step, parse_steps

FOLDER = Path(__file__).with_name("scenarios")

# What a client may lack as a whole; `hello` of its testee names it, and the table shows why.
Feature = Literal[
    "writer",
    "rows",
    "queue.disk",
    "policies",
    "poison",
    "credentials",
    "tls",
    "reading",
    "subscribe",
    "register",
    "heartbeat",
    "config",
    "commands",
    "rotate",
    "devices",
    "clock",
    "vectors",
    "throwing",
    # Of the machine, not of the client: whether it may mount a small disk or a file of names, and has a C compiler.
    "small_disk",
    "names",
    "clock_steps",
]
_SENT_TO_DEVICES = frozenset({"commands", "config"})


class InvalidScenario(ValueError):
    """A file of scenarios that cannot be used. The message names the file, the scenario and the field."""


class Scenario(BaseModel):
    """description: the promise, in a sentence. smoke: part of the short run. needs: features of the client.

    server: settings of a server of its own; without any, the scenario shares one with others. relay: calls pass through the
    relay, for faults at the level of gRPC.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    area: str
    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    description: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9`].*\.$")]
    smoke: bool = False
    needs: tuple[Feature, ...] = ("writer",)
    server: dict[str, str] = {}
    relay: bool = False
    steps: Annotated[tuple[SerializeAsAny[Step], ...], BeforeValidator(parse_steps)]

    @property
    def sends_to_device(self) -> bool:
        """Whether the device gets commands or configurations, which some clients take by MQTT."""
        return not _SENT_TO_DEVICES.isdisjoint(self.needs)


def load(folder: Path = FOLDER) -> list[Scenario]:
    """The scenarios of all files, in the order of the files' names. Raises InvalidScenario."""
    scenarios = [each for file in sorted(folder.glob("*.yaml")) for each in read(file)]
    names = [scenario.name for scenario in scenarios]
    if twice := {name for name in names if names.count(name) > 1}:
        raise InvalidScenario(f"These names are used more than once: {', '.join(sorted(twice))}.")
    return scenarios


def read(file: Path) -> Iterable[Scenario]:
    """The scenarios of a file: YAML documents. Raises InvalidScenario."""
    try:
        documents = list(yaml.load_all(file.read_text(), yaml.CSafeLoader))
    except yaml.YAMLError as error:
        raise InvalidScenario(f"{file.name}: {error}") from None
    for number, document in enumerate(documents, 1):
        yield _scenario(file, number, document)


def _scenario(file: Path, number: int, document: Any) -> Scenario:
    if not isinstance(document, dict):
        raise InvalidScenario(f"{file.name}: document {number} is not a mapping.")
    try:
        return Scenario.model_validate({"area": file.stem, **document})
    except ValidationError as error:
        name = document.get("name", f"document {number}")
        details = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise InvalidScenario(f"{file.name}: {name}: {details}") from None
