"""A plain sensor: three values that follow a cycle."""

from typing import ClassVar

import numpy as np

from iotflow_simulators.cycles import HOUR, MINUTE, quantized, wave
from iotflow_simulators.models.base import BATTERY_FIELD, SUPPLY, Columns, Measurement, Model, Moments, ValueType
from iotflow_simulators.scenario.kinds import Field, Number
from iotflow_simulators.scenario.times import Duration


class Basic(Model):
    """Its three measurements share one cycle, so they are correlated."""

    NAME = "basic"
    SUMMARY = "plain sensor: temperature, humidity and pressure on one cycle"
    PARAMETERS: ClassVar = {
        "base": Field(Number(-50, 100), "mean temperature, in °C", 21.0, "21"),
        "amplitude": Field(Number(0, 50), "largest distance of the cycle from the mean, in °C", 4.0, "4"),
        "period": Field(Duration("10s", "7d"), "length of the cycle", 24 * HOUR, "24h"),
        "noise": Field(Number(0, 10), "standard deviation of the temperature's noise, in °C", 0.1, "0.1"),
        "battery": BATTERY_FIELD,
    }
    MEASUREMENTS: ClassVar = (
        Measurement("temperature", ValueType.NUMBER, "°C", "in steps of 0.01"),
        Measurement("humidity", ValueType.NUMBER, "%", "in steps of 0.1; falls as the temperature rises"),
        Measurement("pressure", ValueType.NUMBER, "hPa", "in steps of 0.1"),
        *SUPPLY,
    )

    def measure(self, moments: Moments) -> Columns:
        device, sequence = moments.device, moments.sequence
        period = self.parameters["period"]
        shift = self.draws("phase").between(0.0, 0.25)[device]
        swing = wave((self.local(moments) % period) / np.float64(period) - 0.25 - shift)
        noise = self.draws("noise").noise(device, sequence) * self.parameters["noise"]
        base = self.parameters["base"] + self.draws("base").between(-1.0, 1.0)[device]
        wet = self.draws("humidity").noise(device, sequence) * 0.4
        weather = self.draws("pressure").smooth(device, moments.time, 600 * MINUTE)
        return {
            "temperature": quantized(base + swing * self.parameters["amplitude"] + noise, 100.0),
            "humidity": quantized(np.clip(52.0 - swing * 9.0 + wet, 0.0, 100.0), 10.0),
            "pressure": quantized(1013.0 + weather * 12.0 - swing * 0.5, 10.0),
        }
