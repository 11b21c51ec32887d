"""A camera that detects motion, by day and by night."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from iotflow_simulators.cycles import HOUR, MINUTE, daylight, profile, quantized
from iotflow_simulators.models.base import Columns, CommandResult, Measurement, Model, Moments, Site, ValueType
from iotflow_simulators.randoms import Words
from iotflow_simulators.scenario.kinds import Field, Number

TRAFFIC = (
    0.1,
    0.05,
    0.05,
    0.05,
    0.1,
    0.2,
    0.5,
    0.9,
    1,
    0.7,
    0.6,
    0.7,
    0.9,
    0.8,
    0.6,
    0.7,
    0.9,
    1,
    0.8,
    0.6,
    0.5,
    0.4,
    0.3,
    0.2,
)
NIGHT_VISION_BELOW = 40.0
MODES = ("auto", "on", "off")


class Camera(Model):
    """Motion comes in spells of half a minute. Motion, persons and the bit rate rise together."""

    NAME = "camera"
    SUMMARY = "camera: motion, day and night"
    PARAMETERS: ClassVar = {
        "busy": Field(Number(0, 1), "share of the busiest hour with motion", 0.5, "0.5"),
        "latitude": Field(Number(-66, 66), "north is positive; chooses the day's length", 52.0, "52"),
    }
    MEASUREMENTS: ClassVar = (
        Measurement("motion_level", ValueType.NUMBER, "%", "share of the picture that moves, in steps of 0.1"),
        Measurement("motion", ValueType.FLAG, "", "whether motion is detected"),
        Measurement("people", ValueType.WHOLE, "", "persons in the picture"),
        Measurement("brightness", ValueType.NUMBER, "lx", "in steps of 1"),
        Measurement("night_vision", ValueType.FLAG, "", "whether the infrared lamp is on"),
        Measurement("bitrate", ValueType.NUMBER, "kbit/s", "in steps of 1"),
        Measurement("recording", ValueType.FLAG, "", "whether the picture is recorded"),
    )
    COMMANDS: ClassVar = {
        "start_recording": "records all the time",
        "stop_recording": "records during motion only",
        "set_night_vision": "parameter `mode`: `auto`, `on` or `off`",
    }
    SETTINGS: ClassVar = {"night_vision": "`auto`, `on` or `off`"}

    def __init__(self, parameters: Mapping[str, Any], keys: Words, site: Site) -> None:
        super().__init__(parameters, keys, site)
        self._recording = np.zeros(self.count, np.bool_)
        self._night_mode = np.zeros(self.count, np.int64)

    def measure(self, moments: Moments) -> Columns:
        device, time, local = moments.device, moments.time, self.local(moments)
        spell = time // (MINUTE // 2)
        chance = profile(local, TRAFFIC) * self.parameters["busy"]
        draw = self.draws("motion").uniform(device, spell)
        motion = draw < chance
        strength = self.draws("strength").uniform(device, moments.sequence)
        level = np.where(motion, 8.0 + strength * 60.0, strength * 1.5)
        people = np.where(motion, 1.0 + np.floor(self.draws("people").uniform(device, spell) * 3.0), 0.0)
        clouds = self.draws("clouds").smooth(device, time, HOUR) * 0.3 + 0.7
        light = daylight(time, local, self.parameters["latitude"]) * clouds * 20_000.0
        brightness = np.rint(light + 4.0 + strength * 2.0)
        mode = self._night_mode[device]
        dark = np.where(mode == 0, brightness < NIGHT_VISION_BELOW, mode == 1)
        return {
            "motion_level": quantized(level, 10.0),
            "motion": motion,
            "people": people.astype(np.int64),
            "brightness": brightness,
            "night_vision": dark,
            "bitrate": np.rint(np.where(dark, 700.0, 1_400.0) + level * 45.0),
            "recording": motion | self._recording[device],
        }

    def _command_start_recording(self, device: int, _: Mapping[str, Any]) -> CommandResult:
        self._recording[device] = True
        return CommandResult(True, values={"recording": True})

    def _command_stop_recording(self, device: int, _: Mapping[str, Any]) -> CommandResult:
        self._recording[device] = False
        return CommandResult(True, values={"recording": False})

    def _command_set_night_vision(self, device: int, parameters: Mapping[str, Any]) -> CommandResult:
        mode = parameters.get("mode")
        if mode not in MODES:
            return CommandResult(False, f"`mode` must be one of {', '.join(MODES)}.")
        return CommandResult(True, values={"night_vision": self._set_night_vision(device, mode)})

    def _set_night_vision(self, device: int, mode: Any) -> str:
        if mode in MODES:
            self._night_mode[device] = MODES.index(mode)
        return MODES[self._night_mode[device]]
