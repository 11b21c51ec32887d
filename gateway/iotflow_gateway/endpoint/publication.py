"""A message on its way to the subscribers."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from iotflow_gateway.mqtt import NO_PROPERTIES, Properties, Publish, Version

# Properties that a message keeps on its way (3.3.2.3).
_FORWARDED = ("payload_format", "content_type", "response_topic", "correlation_data", "user_properties")


@dataclass(frozen=True, slots=True)
class Publication:
    """qos: as published. properties: those that every subscriber receives. expires_at: of the monotonic clock; None: never.
    is_retained: whether it was published with the retain flag."""

    topic: str
    payload: bytes
    qos: int = 1
    properties: Properties = NO_PROPERTIES
    expires_at: float | None = None
    is_retained: bool = False

    @property
    def is_expired(self) -> bool:
        """Whether its expiry has passed: it may not be sent any more."""
        return self.expires_at is not None and self.expires_at <= time.monotonic()


def publication(
    topic: str, payload: bytes, qos: int, properties: Properties = NO_PROPERTIES, *, is_retained: bool = False
) -> Publication:
    """The message of a client with these properties of its PUBLISH."""
    if not properties:
        return Publication(topic, payload, qos, is_retained=is_retained)
    kept: Properties = {name: properties[name] for name in _FORWARDED if name in properties}  # type: ignore[literal-required, assignment]
    return Publication(topic, payload, qos, kept, expiry(properties.get("message_expiry")), is_retained)


def expiry(seconds: int | None) -> float | None:
    """The time of the monotonic clock at which a message expires."""
    return None if seconds is None else time.monotonic() + seconds


@dataclass(slots=True, eq=False)
class Outgoing:
    """A publication to one session. is_retained: the retain flag of its PUBLISH. identifiers: of the subscriptions. answer: set to
    whether the client has received it; such a message does not outlive the connection. packet_id: 0 until it is sent. is_released:
    whether the client has received it with QoS 2, and only its identifier is in use."""

    publication: Publication
    qos: int
    is_retained: bool = False
    identifiers: Sequence[int] = ()
    answer: "asyncio.Future[bool] | None" = None
    packet_id: int = 0
    is_released: bool = False

    @property
    def size(self) -> int:
        """Bytes of the payload and the topic."""
        return len(self.publication.payload) + len(self.publication.topic)

    def encode(self, version: Version, *, is_dup: bool = False) -> bytes:
        """The PUBLISH in its wire form."""
        one = self.publication
        properties: Properties = one.properties
        if version is Version.V5 and (one.expires_at is not None or self.identifiers):
            properties = {**one.properties}
            if one.expires_at is not None:
                properties["message_expiry"] = max(1, round(one.expires_at - time.monotonic()))
            if self.identifiers:
                properties["subscription_identifiers"] = list(self.identifiers)
        publish = Publish(one.topic, one.payload, self.qos, self.packet_id, self.is_retained, is_dup, properties)
        return publish.encode(version)

    def resolve(self, is_received: bool) -> None:
        """Set the answer, unless it is set."""
        if self.answer and not self.answer.done():
            self.answer.set_result(is_received)
