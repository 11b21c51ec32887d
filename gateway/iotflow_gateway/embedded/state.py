"""What the embedded broker knows of a session beyond what amqtt does."""

from dataclasses import dataclass, field

from amqtt.session import Session

from iotflow_gateway.embedded.arrival import Unreleased
from iotflow_gateway.embedded.guard import Login
from iotflow_gateway.pipeline.message import Shown

_KEY = "iotflow"


@dataclass(slots=True)
class State:
    """login: by which the client came last. client_id: as the client gave it. filters: subscribed to. unreleased: by packet id.
    kept_bytes: of messages that wait for the client. shown: what a client without a login has shown."""

    login: Login
    client_id: str = ""
    filters: set[str] = field(default_factory=set)
    unreleased: dict[int, Unreleased] = field(default_factory=dict)
    kept_bytes: int = 0
    shown: Shown = field(default_factory=Shown)


def state(session: Session) -> State:
    """Of a session that was let in."""
    found: State = session.attributes[_KEY]
    return found


def begin(session: Session, login: Login) -> None:
    """It was let in. Its client id is its owner's: no other owner's client of the same id ends its connection or its session."""
    client_id = session.client_id or ""
    session.attributes[_KEY] = State(login, client_id)
    session.client_id = f"{login.device_id or login.username}/{client_id}"


def owner(session: Session) -> int:
    """The device's id; 0: no device."""
    return state(session).login.device_id
