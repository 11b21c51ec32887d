"""The topics of devices at an MQTT broker: what each means, and who may publish and subscribe where.

The one grammar: the adapter, its embedded broker and the server's answers to brokers that ask by HTTP follow it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from iotflow.topic_names import ANONYMOUS, OLDER, level_problem, topic_problem

# User names of the adapter and of a registrar. No device has one of them: names have no slash.
ADAPTER, REGISTRAR = "iotflow/gateway", "iotflow/registrar"


class Kind(StrEnum):
    """What a message is."""

    TELEMETRY = "telemetry"
    BATCH = "batch"
    HEARTBEAT = "heartbeat"
    ONLINE = "online"
    OFFLINE = "offline"
    STATUS = "status"
    COMMAND_ACK = "command_ack"
    CONFIG_REPORTED = "config_reported"
    REGISTER = "register"


# Last wills among them, which hold whatever their firmware's author found plain.
SIGNS_OF_LIFE = (Kind.HEARTBEAT, Kind.ONLINE, Kind.OFFLINE, Kind.STATUS)

# What may stand behind `<prefix>/devices/{id}/`; below TELEMETRY also any one level that is not named here.
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
# The same for the older `devices/{name}/`. A plain status says which in its payload.
BELOW_OLDER = {
    "telemetry": Kind.TELEMETRY,
    "heartbeat": Kind.HEARTBEAT,
    "status": Kind.STATUS,
    "commands/ack": Kind.COMMAND_ACK,
    "config/reported": Kind.CONFIG_REPORTED,
}


@dataclass(frozen=True, slots=True)
class Address:
    """kind; None: nothing that a device may publish. device: its id or name as the topic has it; root: what the
    device's topics begin with, up to and without the next slash. keyed: the message's `api_key` says whose it is."""

    kind: Kind | None
    device: str
    root: str
    keyed: bool = False

    @property
    def errors(self) -> str:
        """The topic for refusals of this device's messages."""
        return f"{self.root}/errors"


def is_published_to(topic: str) -> bool:
    """Whether something can be published to a topic, or to one with this part."""
    return not topic_problem(topic)


def usernames(device_id: int, name: str) -> tuple[str, ...]:
    """What may stand in a device's topics: its id, and its name if that can."""
    return (str(device_id),) if level_problem(name) else (str(device_id), name)


class TopicGrammar:
    """prefix: the first part of every topic; it may have slashes."""

    def __init__(self, prefix: str) -> None:
        self._devices = f"{prefix}/devices/"
        self._register = f"{prefix}/discovery/register/"
        self._response = f"{prefix}/discovery/response/"
        self._fleet = f"{prefix}/fleet/commands/"
        self._older = f"{OLDER}/"

    def parse(self, topic: str) -> Address:
        """What a topic means."""
        if topic.startswith(ANONYMOUS):
            return self.keyed(topic.removeprefix(ANONYMOUS))
        return self._parse(topic)

    def keyed(self, topic: str) -> Address:
        """What a topic means that a client without a login published to."""
        found = self._parse(topic)
        return found if found.kind is Kind.REGISTER else Address(found.kind, found.device, found.root, keyed=True)

    def response(self, name: str) -> str:
        """Where the answer to a registration goes."""
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
        """usernames: the device's id and its name; either may stand in its topics. topic: also the filter of a subscription.

        A device may not publish what the adapter publishes: retained, it would wait for the next device of its name.
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
        """Whether a client without a login may publish there, its messages holding an `api_key`."""
        return self._parse(topic).kind not in (None, Kind.REGISTER)

    def allows_newcomer(self, client_id: str, topic: str, *, publishing: bool) -> bool:
        """A registration, and its answer, by a client without a login: for the name that is its client id only, as nobody
        else would receive the key."""
        if publishing:
            asked = self._parse(topic)
            return asked.kind is Kind.REGISTER and asked.device == client_id
        return topic == self.response(client_id)

    def allows_registrar(self, topic: str, *, publishing: bool) -> bool:
        """Registrations, and the answer to one name at a time."""
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
