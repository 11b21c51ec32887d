"""An air quality sensor, whose pollutants have common sources."""

from typing import ClassVar

import numpy as np

from iotflow_simulators.cycles import DAY, HOUR, MINUTE, is_weekend, profile, quantized
from iotflow_simulators.models.base import Columns, Measurement, Model, Moments, ValueType
from iotflow_simulators.randoms import Floats
from iotflow_simulators.scenario.kinds import Choice, Field, Number

TRAFFIC = (
    0.1,
    0.1,
    0.1,
    0.1,
    0.15,
    0.3,
    0.7,
    1,
    1,
    0.7,
    0.5,
    0.5,
    0.6,
    0.55,
    0.55,
    0.6,
    0.8,
    1,
    0.9,
    0.6,
    0.4,
    0.3,
    0.2,
    0.15,
)
PEOPLE = (
    0.7,
    0.7,
    0.7,
    0.7,
    0.7,
    0.7,
    0.8,
    0.7,
    0.4,
    0.2,
    0.2,
    0.2,
    0.3,
    0.3,
    0.2,
    0.2,
    0.4,
    0.7,
    0.9,
    1,
    1,
    1,
    0.9,
    0.8,
)
OCCUPIED = (0, 0, 0, 0, 0, 0, 0.1, 0.3, 0.7, 0.9, 1, 1, 0.7, 0.8, 1, 1, 0.9, 0.6, 0.3, 0.1, 0, 0, 0, 0)
PLACES = {"home": (0.5, PEOPLE), "office": (0.5, OCCUPIED), "street": (1.6, TRAFFIC)}


class AirQuality(Model):
    """Traffic and still air raise particles and nitrogen dioxide together; people raise carbon dioxide and vapours together."""

    NAME = "air_quality"
    SUMMARY = "air quality: correlated pollutants"
    PARAMETERS: ClassVar = {
        "place": Field(Choice(tuple(PLACES)), "where the sensor is", "home", "home"),
        "pollution": Field(Number(0, 10), "factor of all pollutants", 1.0, "1"),
    }
    MEASUREMENTS: ClassVar = (
        Measurement("pm2_5", ValueType.NUMBER, "µg/m³", "fine particles, in steps of 0.1"),
        Measurement("pm10", ValueType.NUMBER, "µg/m³", "coarse particles, never below `pm2_5`, in steps of 0.1"),
        Measurement("no2", ValueType.NUMBER, "µg/m³", "nitrogen dioxide, in steps of 0.1"),
        Measurement("co2", ValueType.NUMBER, "ppm", "carbon dioxide, in steps of 1"),
        Measurement("voc", ValueType.NUMBER, "ppb", "vapours, in steps of 1"),
        Measurement("aqi", ValueType.WHOLE, "", "index from 0 to 500, by `pm2_5`"),
        Measurement("level", ValueType.TEXT, "", "`good`, `moderate`, `unhealthy` or `hazardous`"),
    )

    def measure(self, moments: Moments) -> Columns:
        device, sequence, factor = moments.device, moments.sequence, self.parameters["pollution"]
        outside, inside = self._sources(moments)
        noise = self.draws("noise")
        fine = np.maximum((3.0 + outside * 22.0 + noise.noise(device, sequence * 4) * 0.5) * factor, 0.0)
        coarse = fine * 1.5 + np.maximum(2.0 + noise.noise(device, sequence * 4 + 1) * 0.6, 0.0)
        nitrogen = np.maximum((5.0 + outside * 35.0 + noise.noise(device, sequence * 4 + 2) * 0.4) * factor, 0.0)
        people = np.maximum(inside * 700.0 * factor + noise.noise(device, sequence * 4 + 3) * 6.0, -15.0)
        fine = quantized(fine, 10.0)
        index = np.minimum(np.rint(fine * 3.4), 500.0).astype(np.int64)
        level = np.searchsorted(np.array([51, 101, 301]), index, side="right")
        return {
            "pm2_5": fine,
            "pm10": quantized(coarse, 10.0),
            "no2": quantized(nitrogen, 10.0),
            "co2": np.rint(420.0 + people),
            "voc": np.rint(90.0 + people * 0.35),
            "aqi": index,
            "level": np.array(["good", "moderate", "unhealthy", "hazardous"], object)[level],
        }

    def _sources(self, moments: Moments) -> tuple[Floats, Floats]:
        """What comes from traffic, and what comes from people: each from 0 to about 2."""
        device, local = moments.device, self.local(moments)
        share, presence = PLACES[self.parameters["place"]]
        quiet = np.where(is_weekend(local), 0.6, 1.0)
        still = self.draws("still air").smooth(device, moments.time, DAY) * 0.4 + 0.6
        gusts = self.draws("gusts").smooth(device, moments.time, 20 * MINUTE) * 0.15 + 1.0
        outside = profile(local, TRAFFIC) * quiet * still * gusts * share
        empty = np.where(is_weekend(local) & (presence is OCCUPIED), 0.1, 1.0)
        opened = self.draws("windows").smooth(device, moments.time, 2 * HOUR) * 0.3 + 0.7
        return outside, profile(local, presence) * empty * opened * gusts
