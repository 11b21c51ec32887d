"""What devices do, and when it is due."""

from typing import Any, NamedTuple

from iotflow_simulators.generation.rows import EXTRA


class Reading(NamedTuple):
    """A reading to send. device: index into the plan's devices. sequence: its number in the device; a duplicate has the number
    of its original. due: in ms since the start. time: stated by the device, in ms since 1970."""

    device: int
    sequence: int
    due: int
    time: int
    values: dict[str, Any]

    @property
    def is_extra(self) -> bool:
        """Whether a flooding device added it."""
        return self.sequence >= EXTRA


class Malformed(NamedTuple):
    """A payload to send in place of a reading. It must be rejected. kind: one word of PAYLOADS."""

    device: int
    sequence: int
    due: int
    time: int
    kind: str
    payload: bytes


class Connect(NamedTuple):
    """The device connects. Due at 0: before the scenario begins."""

    device: int
    due: int


class Disconnect(NamedTuple):
    """The device goes away until it connects. cause: a kind of fault, or `schedule`. clean: whether it says goodbye."""

    device: int
    due: int
    cause: str
    clean: bool


class Reboot(NamedTuple):
    """The device loses its connection and its memory: unacknowledged readings are lost. It connects when it is up again."""

    device: int
    due: int


class BreakConnection(NamedTuple):
    """The connection breaks without goodbye. The device connects at once, and sends again what was not acknowledged."""

    device: int
    due: int


class UseWrongKey(NamedTuple):
    """The device reconnects with a wrong key; the service must refuse it and its readings."""

    device: int
    due: int


class UseRightKey(NamedTuple):
    """The device reconnects with its own key."""

    device: int
    due: int


class RotateKey(NamedTuple):
    """The device gets a new key, and uses it from then on."""

    device: int
    due: int


ConnectionEvent = Connect | Disconnect | Reboot | BreakConnection | UseWrongKey | UseRightKey | RotateKey
Event = Reading | Malformed | ConnectionEvent
# The order of events of one device that are due together.
RANKS: dict[type[Any], int] = {
    Disconnect: 0,
    Reboot: 0,
    Connect: 1,
    UseRightKey: 2,
    UseWrongKey: 3,
    BreakConnection: 4,
    Reading: 5,
    Malformed: 5,
    RotateKey: 6,
}
