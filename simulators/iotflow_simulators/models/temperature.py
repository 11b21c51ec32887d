"""A thermometer with a hygrometer, in a place."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from iotflow_simulators.cycles import DAY, HOUR, hour_of_day, quantized, season, wave
from iotflow_simulators.models.base import BATTERY_FIELD, SUPPLY, Columns, Measurement, Model, Moments, ValueType
from iotflow_simulators.randoms import Draws, Floats
from iotflow_simulators.scenario.kinds import Choice, Field, Number


@dataclass(frozen=True, slots=True)
class Place:
    """Mean, and largest distances from it by season, hour and weather, in °C; mean humidity in percent."""

    mean: float
    seasonal: float
    daily: float
    weather: float
    humidity: float


PLACES = {
    "indoor": Place(21.0, 1.5, 1.2, 0.4, 45.0),
    "outdoor": Place(11.0, 10.0, 4.5, 5.0, 72.0),
    "basement": Place(14.0, 2.5, 0.3, 0.2, 65.0),
    "freezer": Place(-18.0, 0.0, 0.4, 0.3, 30.0),
}


class Temperature(Model):
    """Humidity falls as the temperature rises above its daily mean."""

    NAME = "temperature"
    SUMMARY = "thermometer with hygrometer, by place, season and hour"
    PARAMETERS: ClassVar = {
        "place": Field(Choice(tuple(PLACES)), "where the sensor is", "indoor", "indoor"),
        "latitude": Field(Number(-66, 66), "north is positive; chooses the season's strength", 52.0, "52"),
        "noise": Field(Number(0, 5), "standard deviation of the noise, in °C", 0.05, "0.05"),
        "resolution": Field(Choice(("0.01", "0.1", "0.5")), "step of the temperature, in °C", "0.1", "0.1"),
        "battery": BATTERY_FIELD,
    }
    MEASUREMENTS: ClassVar = (
        Measurement("temperature", ValueType.NUMBER, "°C", "in steps of `resolution`"),
        Measurement("humidity", ValueType.NUMBER, "%", "in steps of 0.5; falls as the temperature rises"),
        *SUPPLY,
    )

    def measure(self, moments: Moments) -> Columns:
        device, place = moments.device, PLACES[self.parameters["place"]]
        deviation = self._deviation(moments, place)
        base = place.mean + self.draws("base").between(-0.8, 0.8)[device]
        yearly = season(moments.time, self.parameters["latitude"]) * (place.seasonal / 52.0)
        noise = self.draws("noise").noise(device, moments.sequence) * self.parameters["noise"]
        temperature = base + yearly * abs(self.parameters["latitude"]) + deviation + noise
        damp = self.draws("humidity").noise(device, moments.sequence) * 0.6
        humidity = np.clip(place.humidity - deviation * 2.2 + damp, 0.0, 100.0)
        return {
            "temperature": quantized(temperature, STEPS[self.parameters["resolution"]]),
            "humidity": quantized(humidity, 2.0),
        }

    def _deviation(self, moments: Moments, place: Place) -> Floats:
        """The distance from the season's mean. The warmest hour is three in the afternoon."""
        daily = wave((hour_of_day(self.local(moments)) - 9.0) / 24.0) * place.daily
        return daily + weather(self.draws("weather"), moments) * place.weather


def weather(draws: Draws, moments: Moments) -> Floats:
    """Slow changes in [-1, 1] that have no cycle."""
    days = draws.smooth(moments.device, moments.time, 3 * DAY)
    hours = draws.smooth(moments.device, moments.time, 5 * HOUR)
    return days * 0.7 + hours * 0.3


STEPS = {"0.01": 100.0, "0.1": 10.0, "0.5": 2.0}
