"""A scenario: which devices there are, what they measure, and what goes wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Door(StrEnum):
    """How a device reaches the service. MQTT is version 3.1.1; MQTT5 is version 5."""

    MQTT = "mqtt"
    MQTT5 = "mqtt5"
    REST = "rest"
    GRPC = "grpc"
    GATEWAY = "gateway"


@dataclass(frozen=True, slots=True)
class Hours:
    """A part of the day in local time, in ms since midnight. end before start: it passes midnight."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """When devices are on. days: of the hours' start, 0 is Monday."""

    hours: tuple[Hours, ...]
    days: tuple[int, ...] = tuple(range(7))


@dataclass(frozen=True, slots=True)
class Stage:
    """A ramp of the rate of readings, as multiples of what the fleets' intervals give. over: in ms."""

    start: float
    end: float
    over: int


@dataclass(frozen=True, slots=True)
class Fleet:
    """Devices of one model. doors: shares with the sum 1. interval: ms between readings. names: has `{n}`. rotate_keys: ms between
    two rotations of a device's key; 0: none."""

    name: str
    model: str
    devices: int
    names: str = "{fleet}-{n}"
    doors: Mapping[Door, float] = field(default_factory=lambda: {Door.MQTT: 1.0})
    interval: int = 5_000
    parameters: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    schedule: Schedule | None = None
    rotate_keys: int = 0


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong.

    fleet, devices: which devices may be affected; empty: all. share: how many of them are. at, lasting: in ms since the
    start; lasting 0: until the end. rate: occurrences in an hour and device at random times; 0: once, at `at`.
    """

    kind: str
    name: str
    fleet: str = ""
    devices: tuple[str, ...] = ()
    share: float = 1.0
    at: int = 0
    lasting: int = 0
    rate: float = 0.0
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scenario:
    """start: ms since 1970 UTC. duration, utc_offset: in ms."""

    name: str
    seed: int
    start: int
    duration: int
    fleets: tuple[Fleet, ...]
    utc_offset: int = 0
    schedule: Schedule | None = None
    stages: tuple[Stage, ...] = ()
    faults: tuple[Fault, ...] = ()

    @property
    def devices(self) -> int:
        """The number of devices."""
        return sum(fleet.devices for fleet in self.fleets)

    def with_interval(self, interval: int) -> "Scenario":
        """The scenario with one interval for all fleets, in ms."""
        return replace(self, fleets=tuple(replace(fleet, interval=interval) for fleet in self.fleets))

    def with_door(self, door: Door) -> "Scenario":
        """The scenario with one door for all fleets."""
        return replace(self, fleets=tuple(replace(fleet, doors={door: 1.0}) for fleet in self.fleets))


def device_names(fleet: Fleet) -> list[str]:
    """The names of a fleet's devices. They are numbered from 1."""
    return [device_name(fleet, number) for number in range(1, fleet.devices + 1)]


def device_name(fleet: Fleet, number: int) -> str:
    """The name of one device. `{n:04}` fills the number with zeros to four digits."""
    head, _, tail = fleet.names.replace("{fleet}", fleet.name).partition("{n")
    if not tail:
        return head
    width, _, tail = tail.partition("}")
    return f"{head}{number:0{int(width[1:] or 1)}}{tail}" if width else f"{head}{number}{tail}"
