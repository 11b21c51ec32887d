"""What a device does at the events of its connection."""

from collections.abc import Callable, Mapping
from typing import Any

from iotflow_simulators.generation.events import (
    BreakConnection,
    Connect,
    ConnectionEvent,
    Disconnect,
    Reboot,
    RotateKey,
    UseRightKey,
    UseWrongKey,
)
from iotflow_simulators.running.session import Session

_ACTIONS: Mapping[type[Any], Callable[[Session, Any], None]] = {
    Connect: lambda session, _: session.connect(),
    Disconnect: lambda session, event: session.disconnect(clean=event.clean),
    Reboot: lambda session, _: session.reboot(),
    BreakConnection: lambda session, _: session.reconnect(clean=False),
    UseWrongKey: lambda session, _: session.use_wrong_key(),
    UseRightKey: lambda session, _: session.use_right_key(),
    RotateKey: lambda session, _: session.rotate_key(),
}


def carry_out(session: Session, event: ConnectionEvent) -> None:
    """Let a device do it."""
    _ACTIONS[type(event)](session, event)
