"""A thermostat: a control loop around a room."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from iotflow_simulators.cycles import DAY, HOUR, MINUTE, hour_of_day, quantized, season, wave
from iotflow_simulators.models.base import (
    BATTERY_FIELD,
    SUPPLY,
    Columns,
    CommandResult,
    Measurement,
    Model,
    Moments,
    Site,
    ValueType,
    rounds,
)
from iotflow_simulators.randoms import Floats, Ints, Words
from iotflow_simulators.scenario.kinds import Field, Number

LOWEST, HIGHEST = 5.0, 30.0
MODES = ("heat", "eco", "off")
ECO_BELOW = 3.0
# The valve is fully open this far below the setpoint.
BAND = 1.0
# The room is computed in steps of at most this.
STEP = MINUTE
# Longer silences are computed as one of this length: the room is in balance then.
LONGEST = 2 * DAY


class Thermostat(Model):
    """The room loses heat to the outside and gains it from the radiator, whose valve opens in proportion to the error."""

    NAME = "thermostat"
    SUMMARY = "thermostat: control loop that reacts to its room and to commands"
    PARAMETERS: ClassVar = {
        "setpoint": Field(Number(LOWEST, HIGHEST), "wanted temperature, in °C", 21.0, "21"),
        "heating": Field(Number(1, 60), "warming by the open valve, in °C an hour", 12.0, "12"),
        "loss": Field(Number(0.01, 1), "share of the difference to the outside that is lost an hour", 0.15, "0.15"),
        "latitude": Field(Number(-66, 66), "north is positive; chooses the season's strength", 52.0, "52"),
        "battery": BATTERY_FIELD,
    }
    MEASUREMENTS: ClassVar = (
        Measurement("temperature", ValueType.NUMBER, "°C", "in the room, in steps of 0.1"),
        Measurement("setpoint", ValueType.NUMBER, "°C", "wanted temperature, in steps of 0.5"),
        Measurement("valve", ValueType.NUMBER, "%", "opening of the radiator's valve, in steps of 1"),
        Measurement("heating", ValueType.FLAG, "", "whether the valve is open"),
        Measurement("mode", ValueType.TEXT, "", "`heat`, `eco` (3 °C below the setpoint) or `off`"),
        *SUPPLY,
    )
    COMMANDS: ClassVar = {
        "set_setpoint": "parameter `setpoint`: 5 to 30 °C",
        "set_mode": "parameter `mode`: `heat`, `eco` or `off`",
    }
    SETTINGS: ClassVar = {"setpoint": "5 to 30 °C", "mode": "`heat`, `eco` or `off`"}

    def __init__(self, parameters: Mapping[str, Any], keys: Words, site: Site) -> None:
        super().__init__(parameters, keys, site)
        self._setpoint = np.full(self.count, _half(parameters["setpoint"]), np.float64)
        self._mode = np.zeros(self.count, np.int64)
        self._room = self._setpoint + self.draws("room").between(-3.0, 1.0)
        self._time = np.full(self.count, site.start, np.int64)
        self._climate = self.draws("climate").between(-2.0, 2.0)

    def measure(self, moments: Moments) -> Columns:
        rows = len(moments.device)
        room, valve = np.empty(rows, np.float64), np.empty(rows, np.float64)
        for step in rounds(moments.device):
            device = moments.device[step]
            self._advance(device, moments.time[step])
            room[step] = self._room[device]
            valve[step] = self._valve(device, self._outside(device, self._time[device]))
        noise = self.draws("noise").noise(moments.device, moments.sequence) * 0.03
        valve = np.rint(valve * 100.0)
        return {
            "temperature": quantized(room + noise, 10.0),
            "setpoint": self._setpoint[moments.device],
            "valve": valve,
            "heating": valve > 0.0,
            "mode": np.array(MODES, object)[self._mode[moments.device]],
        }

    def _advance(self, device: Ints, time: Ints) -> None:
        """Compute the rooms up to these times, on a grid of time, so that the readings' interval does not matter."""
        self._time[device] = np.maximum(self._time[device], time - LONGEST)
        while True:
            behind = self._time[device] + STEP <= time
            if not behind.any():
                return
            late = device[behind]
            self._warm(late, self._time[late])
            self._time[late] += STEP

    def _warm(self, device: Ints, time: Ints) -> None:
        hours = STEP / np.float64(HOUR)
        outside = self._outside(device, time)
        lost = (self._room[device] - outside) * self.parameters["loss"]
        self._room[device] += (self._valve(device, outside) * self.parameters["heating"] - lost) * hours

    def _valve(self, device: Ints, outside: Floats) -> Floats:
        """How far the valves are open, from 0 to 1."""
        wanted = self._wanted(device)
        # In balance the valve is open by this much, which the controller adds in advance.
        steady = (wanted - outside) * (self.parameters["loss"] / self.parameters["heating"])
        opening = (wanted - self._room[device]) / BAND + steady
        return np.where(self._mode[device] == MODES.index("off"), 0.0, np.minimum(np.maximum(opening, 0.0), 1.0))

    def _wanted(self, device: Ints) -> Floats:
        is_eco: NDArray[np.bool_] = self._mode[device] == MODES.index("eco")
        return self._setpoint[device] - np.where(is_eco, ECO_BELOW, 0.0)

    def _outside(self, device: Ints, time: Ints) -> Floats:
        latitude: float = self.parameters["latitude"]
        yearly = season(time, latitude) * (10.0 / 52.0) * abs(latitude)
        daily = wave((hour_of_day(time + self.site.utc_offset) - 9.0) / 24.0) * 4.0
        return 9.0 + yearly + daily + self._climate[device]

    def _command_set_setpoint(self, device: int, parameters: Mapping[str, Any]) -> CommandResult:
        wanted = parameters.get("setpoint")
        if not _is_setpoint(wanted):
            return CommandResult(False, f"`setpoint` must be a number from {LOWEST:g} to {HIGHEST:g}.")
        return CommandResult(True, values={"setpoint": self._set_setpoint(device, wanted)})

    def _command_set_mode(self, device: int, parameters: Mapping[str, Any]) -> CommandResult:
        mode = parameters.get("mode")
        if mode not in MODES:
            return CommandResult(False, f"`mode` must be one of {', '.join(MODES)}.")
        return CommandResult(True, values={"mode": self._set_mode(device, mode)})

    def _set_setpoint(self, device: int, wanted: Any) -> float:
        if _is_setpoint(wanted):
            self._setpoint[device] = _half(wanted)
        return float(self._setpoint[device])

    def _set_mode(self, device: int, mode: Any) -> str:
        if mode in MODES:
            self._mode[device] = MODES.index(mode)
        return MODES[self._mode[device]]


def _is_setpoint(wanted: Any) -> bool:
    return isinstance(wanted, int | float) and not isinstance(wanted, bool) and LOWEST <= wanted <= HIGHEST


def _half(value: float) -> float:
    return float(np.rint(value * 2.0) / 2.0)
