"""A GPS tracker of a vehicle that drives round trips."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from iotflow_simulators.cycles import MINUTE, is_weekend, profile, quantized, wave
from iotflow_simulators.models.base import (
    BATTERY_FIELD,
    SUPPLY,
    Columns,
    Measurement,
    Model,
    Moments,
    Site,
    ValueType,
    rounds,
)
from iotflow_simulators.randoms import Floats, Ints, Words
from iotflow_simulators.scenario.kinds import Field, Number

DRIVING = (
    0.05,
    0.05,
    0.05,
    0.05,
    0.1,
    0.3,
    0.7,
    0.9,
    0.9,
    0.8,
    0.8,
    0.7,
    0.5,
    0.7,
    0.8,
    0.8,
    0.9,
    0.7,
    0.5,
    0.3,
    0.2,
    0.1,
    0.05,
    0.05,
)
CORNERS = 12
KM_PER_DEGREE = 111.2
# A vehicle drives or parks for a whole slot.
SLOT = 10 * MINUTE
# The odometer counts millimetres, in whole numbers.
MM_PER_KM = 1_000_000


class GpsTracker(Model):
    """The route is a ring of straight roads around the base. Speed and position agree: the odometer moves along the ring."""

    NAME = "gps"
    SUMMARY = "GPS tracker: a vehicle on round trips"
    PARAMETERS: ClassVar = {
        "latitude": Field(Number(-66, 66), "of the base, in degrees", 52.52, "52.52"),
        "longitude": Field(Number(-179, 179), "of the base, in degrees", 13.4, "13.4"),
        "radius": Field(Number(0.1, 100), "mean distance of the route from the base, in km", 8.0, "8"),
        "speed": Field(Number(1, 200), "usual speed, in km/h", 45.0, "45"),
        "battery": BATTERY_FIELD,
    }
    MEASUREMENTS: ClassVar = (
        Measurement("speed", ValueType.NUMBER, "km/h", "in steps of 0.1; 0 while parked"),
        Measurement("latitude", ValueType.NUMBER, "°", "in steps of 0.00001"),
        Measurement("longitude", ValueType.NUMBER, "°", "in steps of 0.00001"),
        Measurement("heading", ValueType.NUMBER, "°", "direction of the road, in steps of 1"),
        Measurement("odometer", ValueType.NUMBER, "km", "in steps of 0.001; never falls"),
        Measurement("satellites", ValueType.WHOLE, "", "satellites in use"),
        Measurement("ignition", ValueType.FLAG, "", "whether the engine runs"),
        *SUPPLY,
    )

    def __init__(self, parameters: Mapping[str, Any], keys: Words, site: Site) -> None:
        super().__init__(parameters, keys, site)
        self._millimetres = np.zeros(self.count, np.int64)
        self._time = np.full(self.count, site.start, np.int64)
        self._east, self._north = self._corners()
        self._lengths = self._roads()
        # Where on the ring each vehicle begins, in mm.
        self._begin = self.draws("begin").whole(1 << 30)

    def _corners(self) -> tuple[Floats, Floats]:
        """The corners of the routes, in km from the base: shape (devices, CORNERS)."""
        turns = np.arange(CORNERS, dtype=np.float64) / CORNERS
        device = np.repeat(np.arange(self.count, dtype=np.int64), CORNERS)
        corner = np.tile(np.arange(CORNERS, dtype=np.int64), self.count)
        stretch = 0.6 + 0.8 * self.draws("route").uniform(device, corner)
        reach = (stretch * self.parameters["radius"]).reshape(self.count, CORNERS)
        return reach * wave(turns), reach * wave(turns + 0.25)

    def _roads(self) -> Ints:
        """The lengths of the roads, in mm: shape (devices, CORNERS)."""
        east = np.roll(self._east, -1, axis=1) - self._east
        north = np.roll(self._north, -1, axis=1) - self._north
        # A square root is exact to the last bit on any machine.
        lengths: Ints = np.rint(np.sqrt(east * east + north * north) * MM_PER_KM).astype(np.int64)
        return lengths

    def measure(self, moments: Moments) -> Columns:
        device, speed = moments.device, self._speed(moments)
        travelled = np.empty(len(device), np.int64)
        for step in rounds(device):
            who, time = device[step], moments.time[step]
            elapsed = time - self._time[who]
            # km/h in steps of 0.1 during ms: 1/36 mm.
            self._millimetres[who] += np.rint(speed[step] * 10.0).astype(np.int64) * elapsed // 36
            self._time[who] = time
            travelled[step] = self._millimetres[who]
        east, north, heading = self._position(device, travelled + self._begin[device])
        latitude = self.parameters["latitude"] + north / KM_PER_DEGREE
        narrow = _cosine(self.parameters["latitude"]) * KM_PER_DEGREE
        satellites = 9.0 + self.draws("satellites").noise(device, moments.sequence) * 1.2
        return {
            "speed": speed,
            "latitude": quantized(latitude, 100_000.0),
            "longitude": quantized(self.parameters["longitude"] + east / narrow, 100_000.0),
            "heading": heading,
            "odometer": (travelled // 1_000) / np.float64(1_000.0),
            "satellites": np.rint(satellites).astype(np.int64),
            "ignition": speed > 0.0,
        }

    def _speed(self, moments: Moments) -> Floats:
        """The speed since the last reading."""
        device, local = moments.device, self.local(moments)
        chance = profile(local, DRIVING) * np.where(is_weekend(local), 0.4, 1.0)
        drives = self.draws("trips").uniform(device, moments.time // SLOT) < chance
        usual = self.draws("traffic").smooth(device, moments.time, MINUTE) * 0.4 + 1.0
        jitter = self.draws("speed").noise(device, moments.sequence) * 0.01
        speed = np.maximum((usual + jitter) * self.parameters["speed"], 1.0)
        return quantized(np.where(drives, speed, 0.0), 10.0)

    def _position(self, device: Ints, travelled: Ints) -> tuple[Floats, Floats, Floats]:
        """East and north of the base in km, and the direction of the road in degrees."""
        lengths = self._lengths[device]
        ends = np.cumsum(lengths, axis=1)
        along = travelled % ends[:, -1]
        road = np.minimum((ends <= along[:, None]).sum(axis=1), CORNERS - 1)
        row = np.arange(len(device))
        share = 1.0 - (ends[row, road] - along) / lengths[row, road]
        following = (road + 1) % CORNERS
        east, north = self._east[device, road], self._north[device, road]
        to_east, to_north = self._east[device, following] - east, self._north[device, following] - north
        return east + to_east * share, north + to_north * share, _heading(to_east, to_north)


def _cosine(degrees: float) -> float:
    return float(wave(np.array([degrees / 360.0 + 0.25]))[0])


def _heading(east: Floats, north: Floats) -> Floats:
    """Degrees from north, clockwise. Within each eighth of the circle, the angle is nearly linear in the ratio's arctangent."""
    long, short = np.maximum(np.abs(east), np.abs(north)), np.minimum(np.abs(east), np.abs(north))
    ratio = short / np.maximum(long, 1e-12)
    angle = ratio * (45.0 + 15.64 * (1.0 - ratio))
    angle = np.where(np.abs(east) > np.abs(north), 90.0 - angle, angle)
    angle = np.where(north < 0.0, 180.0 - angle, angle)
    return np.rint(np.where(east < 0.0, 360.0 - angle, angle)) % 360.0
