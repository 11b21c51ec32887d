"""The grammar of the MQTT topics of devices: the meaning of each topic, and the permissions to publish and subscribe.

The adapter, its MQTT endpoint, Mosquitto's access rules and the server's answers to brokers' HTTP call-outs all use it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from iotflow.topic_names import ANONYMOUS, OLDER, level_problem, topic_problem

# User names of the adapter and of a registrar. No device can have them: names contain no slash.
ADAPTER, REGISTRAR = "iotflow/gateway", "iotflow/registrar"


class Kind(StrEnum):
    """The type of a message."""

    TELEMETRY = "telemetry"
    BATCH = "batch"
    HEARTBEAT = "heartbeat"
    ONLINE = "online"
    OFFLINE = "offline"
    STATUS = "status"
    COMMAND_ACK = "command_ack"
    CONFIG_REPORTED = "config_reported"
    REGISTER = "register"


# A last will may be one of these, with any payload that the firmware chooses.
SIGNS_OF_LIFE = (Kind.HEARTBEAT, Kind.ONLINE, Kind.OFFLINE, Kind.STATUS)

# The topics below `<prefix>/devices/{id}/`. Below TELEMETRY any other single level is allowed too.
TELEMETRY = "telemetry/"
BELOW_DEVICE = {
    "telemetry": Kind.TELEMETRY,
    "telemetry/batch": Kind.BATCH,
    "status": Kind.STATUS,
    "status/heartbeat": Kind.HEARTBEAT,
    "status/online": Kind.ONLINE,
    "status/offline": Kind.OFFLINE,
    "commands/ack": Kind.COMMAND_ACK,
    "config/reported": Kind.CONFIG_REPORTED,
}
# The topics below the older `devices/{name}/`. The payload of `status` contains the state.
BELOW_OLDER = {
    "telemetry": Kind.TELEMETRY,
    "heartbeat": Kind.HEARTBEAT,
    "status": Kind.STATUS,
    "commands/ack": Kind.COMMAND_ACK,
    "config/reported": Kind.CONFIG_REPORTED,
}


@dataclass(frozen=True, slots=True)
class Address:
    """A parsed topic. kind: None where a device may not publish to it. device: its id or name in the topic. root: the beginning of
    the device's topics, without a slash at the end. keyed: the `api_key` in the message identifies the device."""

    kind: Kind | None
    device: str
    root: str
    keyed: bool = False

    @property
    def errors(self) -> str:
        """The topic for errors in this device's messages."""
        return f"{self.root}/errors"


def is_published_to(topic: str) -> bool:
    """Whether a client can publish to this topic, or to a topic that contains this text."""
    return not topic_problem(topic)


def usernames(device_id: int, name: str) -> tuple[str, ...]:
    """The names of a device in its topics: its id, and its name if that can be a level of a topic."""
    return (str(device_id),) if level_problem(name) else (str(device_id), name)


class TopicGrammar:
    """prefix: the first part of every topic; it may contain slashes."""

    def __init__(self, prefix: str) -> None:
        self._devices = f"{prefix}/devices/"
        self._register = f"{prefix}/discovery/register/"
        self._response = f"{prefix}/discovery/response/"
        self._fleet = f"{prefix}/fleet/commands/"
        self._older = f"{OLDER}/"

    def parse(self, topic: str) -> Address:
        """Parse a topic."""
        if topic.startswith(ANONYMOUS):
            return self.keyed(topic.removeprefix(ANONYMOUS))
        return self._parse(topic)

    def keyed(self, topic: str) -> Address:
        """Parse a topic to which a client without a login published."""
        found = self._parse(topic)
        return found if found.kind is Kind.REGISTER else Address(found.kind, found.device, found.root, keyed=True)

    def own(self, username: str) -> Address:
        """The topics of the device with this user name."""
        return Address(None, username, self._devices + username)

    def response(self, name: str) -> str:
        """The topic of the answer to a registration."""
        return self._response + name

    def _parse(self, topic: str) -> Address:
        if topic.startswith(self._devices):
            return _below(topic, self._devices, BELOW_DEVICE)
        if topic.startswith(self._register):
            return Address(Kind.REGISTER, topic.removeprefix(self._register), "")
        if topic.startswith(self._older):
            return _below(topic, self._older, BELOW_OLDER)
        return Address(None, "", "")

    def allows_device(self, usernames: Collection[str], topic: str, *, publishing: bool) -> bool:
        """Whether a device may use this topic, or this filter of a subscription. usernames: its id and its name.

        A device may not publish to the adapter's topics: a retained message there would reach the next device of its name.
        """
        if publishing:
            address = self._parse(topic)
            return address.device in usernames and address.kind not in (None, Kind.REGISTER)
        own = [f"{root}{one}/" for root in (self._devices, self._older) for one in usernames if is_published_to(one)]
        return topic.startswith((self._fleet, *own))

    def publish_filters(self, username: str) -> list[str]:
        """Filters of the topics that a device with this user name may publish to, for a broker that is configured by filters."""
        below = [(self._devices, one) for one in BELOW_DEVICE] + [(self._older, one) for one in BELOW_OLDER]
        topics = [f"{root}{username}/{rest}" for root, rest in below if not rest.startswith(TELEMETRY)]
        return [*topics, *(f"{root}{username}/{TELEMETRY}+" for root in (self._devices, self._older))]

    def subscribe_filters(self, username: str) -> list[str]:
        """Filters of the topics that a device with this user name may receive."""
        return [f"{self._devices}{username}/#", f"{self._older}{username}/#", f"{self._fleet}#"]

    def newcomer_filters(self, client_id: str) -> tuple[str, str]:
        """Topics of the registration that a client without a login may request, and of the answer."""
        return f"{self._register}{client_id}", f"{self._response}{client_id}"

    def allows_anonymous(self, topic: str) -> bool:
        """Whether a client without a login may publish messages with an `api_key` to this topic."""
        return self._parse(topic).kind not in (None, Kind.REGISTER)

    def allows_newcomer(self, client_id: str, topic: str, *, publishing: bool) -> bool:
        """Whether a client without a login may register a device, or receive the answer. The name must be its client id, so that
        no other client receives the key."""
        if publishing:
            asked = self._parse(topic)
            return asked.kind is Kind.REGISTER and asked.device == client_id
        return topic == self.response(client_id)

    def allows_registrar(self, topic: str, *, publishing: bool) -> bool:
        """Whether a registrar may use this topic: registrations of all names, and the answer to one name at a time."""
        if publishing:
            return self._parse(topic).kind is Kind.REGISTER
        name = topic.removeprefix(self._response)
        return name != topic and "/" not in name and is_published_to(name)


def _below(topic: str, start: str, kinds: dict[str, Kind]) -> Address:
    device, _, rest = topic[len(start) :].partition("/")
    kind = kinds.get(rest)
    if kind is None and rest.startswith(TELEMETRY) and (word := rest.removeprefix(TELEMETRY)) and "/" not in word:
        kind = Kind.TELEMETRY
    return Address(kind, device, start + device)
