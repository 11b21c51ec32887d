"""What the embedded broker knows of a session beyond what amqtt does."""

from dataclasses import dataclass, field

from amqtt.session import Session

from iotflow_gateway.embedded.arrival import Unreleased
from iotflow_gateway.embedded.guard import Login
from iotflow_gateway.message import Shown

_KEY = "iotflow"


@dataclass(slots=True)
class State:
    """login: by which the client came last. filters: subscribed to. unreleased: by packet id. kept_bytes: of messages that wait for
    the client. shown: what a client without a login has shown."""

    login: Login
    filters: set[str] = field(default_factory=set)
    unreleased: dict[int, Unreleased] = field(default_factory=dict)
    kept_bytes: int = 0
    shown: Shown = field(default_factory=Shown)


def state(session: Session) -> State:
    """Of a session that was let in."""
    found: State = session.attributes[_KEY]
    return found


def begin(session: Session, login: Login) -> None:
    """It was let in."""
    session.attributes[_KEY] = State(login)


def owner(session: Session) -> int:
    """The device's id; 0: no device."""
    return state(session).login.device_id
