"""The session of a client, which may outlive its connections."""

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from iotflow_gateway.endpoint.access_control import Login
from iotflow_gateway.endpoint.outbound import Outbound
from iotflow_gateway.mqtt import Subscription, Will
from iotflow_gateway.pipeline.message import ConnectionKey, StoredSession
from iotflow_gateway.topics import Address

if TYPE_CHECKING:
    from iotflow_gateway.endpoint.client import Client
    from iotflow_gateway.endpoint.incoming import InboundMessage

# The device, or the user name of a login that is not of a device; and the client id.
SessionKey = tuple[int, str, str]


@dataclass(frozen=True, slots=True)
class Granted:
    """A subscription of a session. identifier: 0 if it has none."""

    subscription: Subscription
    identifier: int = 0

    @property
    def qos(self) -> int:
        """The QoS up to which messages are sent."""
        return self.subscription.qos


@dataclass(frozen=True, slots=True)
class Known:
    """A message that the client may send again. digest: of its topic and payload."""

    digest: int
    message: "InboundMessage"


@dataclass(slots=True, eq=False)
class Session:
    """login, password: of the last connection. expiry: seconds for which the session outlives its connection. client: the connected
    client, or None. filters: of its subscriptions. unreleased: messages of QoS 2 without PUBREL, by packet identifier. unanswered:
    messages of QoS 1 without PUBACK, if the session outlives its connection. addresses: of topics to which the client published,
    each with whether it may. stored: None if the server does not store the session.
    opened_at: time of the connection among those of all endpoints. is_lost: the client is connected to another endpoint.
    acknowledged_until: StoredSession.answered_until at the last check.
    will: of the connection, or of the last one until will_due."""

    key: SessionKey
    client_id: str
    login: Login
    outbound: Outbound
    password: str = ""
    expiry: int = 0
    client: "Client | None" = None
    connected_at: float = field(default_factory=time.monotonic)
    disconnected_at: float = 0.0
    filters: dict[str, Granted] = field(default_factory=dict)
    unreleased: dict[int, Known] = field(default_factory=dict)
    unanswered: dict[int, Known] = field(default_factory=dict)
    addresses: dict[str, tuple[Address, bool]] = field(default_factory=dict)
    connection_key: ConnectionKey = field(default_factory=ConnectionKey)
    stored: StoredSession | None = None
    opened_at: int = 0
    acknowledged_until: int = 0
    is_lost: bool = False
    will: Will | None = None
    will_due: float | None = None

    @property
    def device_id(self) -> int:
        """The id of the session's device; 0: the session is not of a device."""
        return self.login.device_id

    @property
    def owner(self) -> tuple[int, str]:
        """The device, or the user name of a login that is not of a device. Only its owner can take over a session."""
        return self.key[:2]

    def is_expired(self, now: float) -> bool:
        """Whether the session ends without a connection. now: of the monotonic clock."""
        return self.client is None and now - self.disconnected_at >= self.expiry


def session_key(login: Login, client_id: str) -> SessionKey:
    """The key of a client's session: the client ids of other owners are other sessions."""
    return login.device_id, "" if login.device_id else login.username, client_id
