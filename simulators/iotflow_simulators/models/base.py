"""What all models have in common."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from iotflow_simulators.cycles import HOUR
from iotflow_simulators.randoms import Draws, Ints, Words
from iotflow_simulators.scenario.kinds import Field, Flag

Columns = dict[str, NDArray[Any]]


class ValueType(StrEnum):
    """The type of a measurement's values."""

    NUMBER = "number"
    WHOLE = "whole"
    FLAG = "flag"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Measurement:
    """A value of each reading."""

    name: str
    type: ValueType
    unit: str
    description: str


@dataclass(frozen=True, slots=True)
class Site:
    """Where and when the devices are. start: ms since 1970 UTC. utc_offset: ms from UTC to local time."""

    start: int
    utc_offset: int = 0


@dataclass(frozen=True, slots=True)
class Moments:
    """Readings to compute, of one or more devices: shape (rows,) each, sorted by device, then by time.

    device: index into the fleet's devices. sequence: number of the reading. time: ms since 1970 UTC.
    """

    device: Ints
    sequence: Ints
    time: Ints


@dataclass(frozen=True, slots=True)
class CommandResult:
    """executed: False: the device refuses the command. message: the reason. values: what the device reports."""

    executed: bool
    message: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)


BATTERY_FIELD = Field(Flag(), "whether readings have `battery` and `signal`", True, "true")
SUPPLY = (
    Measurement("battery", ValueType.NUMBER, "%", "charge of the battery; falls slowly"),
    Measurement("signal", ValueType.WHOLE, "dBm", "strength of the radio signal"),
)


REBOOT = "reboot"
# Commands of every model.
COMMON_COMMANDS = {
    "identify": "the device blinks; its readings do not change",
    REBOOT: "the device disconnects, and connects again; the sender carries it out",
}


class Model(ABC):
    """The devices of one fleet, all of the same model. It has no clock and does no I/O: the state changes by its methods only.

    Readings of a device must be computed in the order of their time, each once. The result depends on the device's key and on
    the commands, and not on which devices or how many readings are computed at once.
    """

    NAME: ClassVar[str]
    SUMMARY: ClassVar[str]
    PARAMETERS: ClassVar[Mapping[str, Field]]
    MEASUREMENTS: ClassVar[tuple[Measurement, ...]]
    COMMANDS: ClassVar[Mapping[str, str]] = {}
    SETTINGS: ClassVar[Mapping[str, str]] = {}

    def __init__(self, parameters: Mapping[str, Any], keys: Words, site: Site) -> None:
        self.parameters = parameters
        self.site = site
        self.count = len(keys)
        self._keys = keys
        self._draws: dict[str, Draws] = {}
        self._supply = Supply(keys, site) if parameters.get("battery") else None

    def draws(self, purpose: str) -> Draws:
        """Random numbers for one purpose."""
        if purpose not in self._draws:
            self._draws[purpose] = Draws(self._keys, f"{self.NAME} {purpose}")
        return self._draws[purpose]

    def local(self, moments: Moments) -> Ints:
        """The local times, as ms since 1970."""
        return moments.time + self.site.utc_offset

    @classmethod
    def measurements(cls, parameters: Mapping[str, Any]) -> tuple[Measurement, ...]:
        """What the readings have with these parameters."""
        if parameters.get("battery", True):
            return cls.MEASUREMENTS
        return tuple(one for one in cls.MEASUREMENTS if one not in SUPPLY)

    def readings(self, moments: Moments) -> Columns:
        """The values of each measurement, shape (rows,). Advances the state to the last moment of each device."""
        columns = self.measure(moments)
        if self._supply is not None:
            columns |= self._supply.measure(moments)
        return columns

    @abstractmethod
    def measure(self, moments: Moments) -> Columns:
        """The values without battery and signal."""

    def command(self, device: int, name: str, parameters: Mapping[str, Any]) -> CommandResult:
        """Execute a command. It changes the readings computed after it."""
        if name in COMMON_COMMANDS:
            return CommandResult(True)
        if name not in self.COMMANDS:
            known = ", ".join((*self.COMMANDS, *COMMON_COMMANDS))
            return CommandResult(False, f"The command {name!r:.60} is unknown to a {self.NAME}; known: {known}.")
        execute: Callable[[int, Mapping[str, Any]], CommandResult] = getattr(self, f"_command_{name}")
        return execute(device, parameters)

    def configure(self, device: int, desired: Mapping[str, Any]) -> dict[str, Any]:
        """Follow a desired configuration as far as its values are accepted. Returns the settings that are in force."""
        return {name: getattr(self, f"_set_{name}")(device, desired.get(name)) for name in self.SETTINGS}


class Supply:
    """Battery and signal."""

    def __init__(self, keys: Words, site: Site) -> None:
        self._start = site.start
        self._charge = Draws(keys, "battery charge").between(70.0, 100.0)
        # A charge lasts for 100 to 400 days.
        self._per_hour = Draws(keys, "battery use").between(0.0104, 0.0417)
        self._strength = Draws(keys, "signal strength").between(-80.0, -50.0)
        self._noise = Draws(keys, "signal noise")

    def measure(self, moments: Moments) -> Columns:
        """Both columns."""
        device = moments.device
        hours = (moments.time - self._start) / np.float64(HOUR)
        charge = np.maximum(self._charge[device] - self._per_hour[device] * hours, 0.0)
        signal = self._strength[device] + self._noise.noise(device, moments.sequence) * 2.0
        return {"battery": np.rint(charge * 10.0) / 10.0, "signal": np.rint(signal).astype(np.int64)}


def rounds(device: Ints) -> "list[NDArray[np.intp]]":
    """Rows in steps: the first row of each device, then the second, and so on. device: sorted."""
    if not len(device):
        return []
    is_first = np.ones(len(device), np.bool_)
    is_first[1:] = device[1:] != device[:-1]
    firsts = np.flatnonzero(is_first)
    rank = np.arange(len(device)) - np.repeat(firsts, np.diff([*firsts.tolist(), len(device)]))
    order = np.argsort(rank, kind="stable")
    ends = np.cumsum(np.bincount(rank))
    return np.split(order, ends[:-1])
