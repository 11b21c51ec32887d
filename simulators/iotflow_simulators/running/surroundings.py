"""What the sessions of a door share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from iotflow_simulators.doors.link import DoorWay
from iotflow_simulators.running.accounts import Accounts
from iotflow_simulators.running.states import States

if TYPE_CHECKING:
    from iotflow_simulators.running.session import Session


@dataclass(frozen=True, slots=True)
class Surroundings:
    """states: of all devices. remembered: last readings that a session has. command, configured: called with the session and what
    the service sent."""

    door: DoorWay
    accounts: Accounts
    states: States
    remembered: int
    command: Callable[["Session", int, str, Mapping[str, Any]], None]
    configured: Callable[["Session", Mapping[str, Any]], None]
