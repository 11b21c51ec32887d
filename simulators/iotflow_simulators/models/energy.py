"""An electricity meter, whose counter only rises."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from iotflow_simulators.cycles import HOUR, MINUTE, is_weekend, profile, quantized
from iotflow_simulators.models.base import (
    Columns,
    CommandResult,
    Measurement,
    Model,
    Moments,
    Site,
    ValueType,
    rounds,
)
from iotflow_simulators.randoms import Floats, Words
from iotflow_simulators.scenario.kinds import Field, Number

USE = (
    0.3,
    0.25,
    0.22,
    0.2,
    0.2,
    0.25,
    0.5,
    0.8,
    0.7,
    0.5,
    0.45,
    0.5,
    0.7,
    0.6,
    0.5,
    0.5,
    0.6,
    0.8,
    1,
    1,
    0.95,
    0.8,
    0.6,
    0.4,
)
# 0.01 kWh, in watts times milliseconds.
_COUNTED = 10 * HOUR
# A silence is counted as at most this long, so that the counter cannot overflow.
_LONGEST = 400 * 24 * HOUR


class EnergyMeter(Model):
    """Power follows the hours and the week; appliances switch on and off. Current, voltage and power agree."""

    NAME = "energy"
    SUMMARY = "electricity meter: the counter only rises"
    PARAMETERS: ClassVar = {
        "peak": Field(Number(1, 1_000_000), "power of the busiest hour, in W", 1_800.0, "1800"),
        "counter": Field(Number(0, 10_000_000), "highest counter at the start, in kWh", 20_000.0, "20000"),
        "voltage": Field(Number(100, 500), "mean voltage, in V", 230.0, "230"),
    }
    MEASUREMENTS: ClassVar = (
        Measurement("power", ValueType.NUMBER, "W", "in steps of 1"),
        Measurement("energy", ValueType.NUMBER, "kWh", "counter, in steps of 0.01; never falls"),
        Measurement("voltage", ValueType.NUMBER, "V", "in steps of 0.1"),
        Measurement("current", ValueType.NUMBER, "A", "in steps of 0.01"),
        Measurement("power_factor", ValueType.NUMBER, "", "in steps of 0.01"),
        Measurement("relay", ValueType.FLAG, "", "whether the consumers are connected"),
    )
    COMMANDS: ClassVar = {"disconnect": "opens the relay: power is 0", "connect": "closes the relay"}
    SETTINGS: ClassVar = {"relay": "`true` or `false`"}

    def __init__(self, parameters: Mapping[str, Any], keys: Words, site: Site) -> None:
        super().__init__(parameters, keys, site)
        counter = self.draws("counter").between(0.0, parameters["counter"])
        self._counter = np.rint(counter * 100.0).astype(np.int64) * _COUNTED
        self._time = np.full(self.count, site.start, np.int64)
        self._relay = np.ones(self.count, np.bool_)

    def measure(self, moments: Moments) -> Columns:
        device = moments.device
        power = np.rint(self._demand(moments) * self._relay[device])
        watts, counted = power.astype(np.int64), np.empty(len(device), np.int64)
        for step in rounds(device):
            who, time = device[step], moments.time[step]
            self._counter[who] += watts[step] * np.minimum(time - self._time[who], _LONGEST)
            self._time[who] = time
            counted[step] = self._counter[who]
        voltage = self._voltage(moments)
        factor = quantized(0.94 + self.draws("factor").smooth(device, moments.time, 10 * MINUTE) * 0.05, 100.0)
        return {
            "power": power,
            "energy": (counted // _COUNTED) / np.float64(100.0),
            "voltage": voltage,
            "current": quantized(power / (voltage * factor), 100.0),
            "power_factor": factor,
            "relay": self._relay[device],
        }

    def _demand(self, moments: Moments) -> Floats:
        """The power of all consumers, in W."""
        device, local = moments.device, self.local(moments)
        habit = profile(local, USE) * np.where(is_weekend(local), 1.15, 1.0)
        slow = self.draws("habit").smooth(device, moments.time, HOUR) * 0.25 + 1.0
        appliance = self.draws("appliance").uniform(device, moments.time // (15 * MINUTE)) < habit * 0.3
        noise = self.draws("noise").noise(device, moments.sequence) * 0.01
        share = habit * slow * 0.6 + appliance * 0.35 + noise
        peak: float = self.parameters["peak"]
        return np.maximum(share, 0.02) * peak

    def _voltage(self, moments: Moments) -> Floats:
        slow = self.draws("voltage").smooth(moments.device, moments.time, 30 * MINUTE) * 0.015
        noise = self.draws("ripple").noise(moments.device, moments.sequence) * 0.001
        return quantized((1.0 + slow + noise) * self.parameters["voltage"], 10.0)

    def _command_disconnect(self, device: int, _: Mapping[str, Any]) -> CommandResult:
        return CommandResult(True, values={"relay": self._set_relay(device, False)})

    def _command_connect(self, device: int, _: Mapping[str, Any]) -> CommandResult:
        return CommandResult(True, values={"relay": self._set_relay(device, True)})

    def _set_relay(self, device: int, closed: Any) -> bool:
        if isinstance(closed, bool):
            self._relay[device] = closed
        return bool(self._relay[device])
