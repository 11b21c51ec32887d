"""What the sessions of a door share."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from iotflow_simulators.doors.link import DoorWay
from iotflow_simulators.running.accounts import Accounts
from iotflow_simulators.running.states import States

if TYPE_CHECKING:
    from iotflow_simulators.running.device_commands import DeviceCommands
    from iotflow_simulators.running.key_rotations import KeyRotations


@dataclass(frozen=True, slots=True)
class Surroundings:
    """states: of all devices. remembered: last readings that a session has."""

    door: DoorWay
    accounts: Accounts
    states: States
    remembered: int
    commands: "DeviceCommands"
    rotations: "KeyRotations"
