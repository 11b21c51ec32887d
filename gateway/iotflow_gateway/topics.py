"""Topics: what a device's message is by where it was published, and where answers go."""

from dataclasses import dataclass
from enum import StrEnum

# Firmware of the older service has topics without a prefix, and by name only.
OLDER = "devices"


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


NOT_PUBLISHED_TO = ("+", "#", "\0")

# Last wills among them, which hold whatever their firmware's author found plain.
SIGNS_OF_LIFE = (Kind.HEARTBEAT, Kind.ONLINE, Kind.OFFLINE, Kind.STATUS)

# What may stand behind `<prefix>/devices/{id}/`.
BELOW_DEVICE = {
    "telemetry": Kind.TELEMETRY,
    "telemetry/sensors": Kind.TELEMETRY,
    "telemetry/metrics": Kind.TELEMETRY,
    "telemetry/events": Kind.TELEMETRY,
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
    device's topics begin with, up to and without the next slash."""

    kind: Kind | None
    device: str
    root: str

    @property
    def errors(self) -> str:
        """Where the device hears of refusals."""
        return f"{self.root}/errors"


def is_published_to(level: str) -> bool:
    """Whether a name can stand in a topic that something is published to (MQTT-3.3.2-2)."""
    return bool(level) and not any(mark in level for mark in NOT_PUBLISHED_TO)


class Topics:
    """prefix: the first part of every topic; it may have slashes."""

    def __init__(self, prefix: str) -> None:
        self._devices = f"{prefix}/devices/"
        self._register = f"{prefix}/discovery/register/"
        self._response = f"{prefix}/discovery/response/"
        self._fleet = f"{prefix}/fleet/commands/"
        self._older = f"{OLDER}/"

    def parse(self, topic: str) -> Address:
        """What a topic means."""
        if topic.startswith(self._devices):
            return _below(topic, self._devices, BELOW_DEVICE)
        if topic.startswith(self._register):
            return Address(Kind.REGISTER, topic.removeprefix(self._register), "")
        if topic.startswith(self._older):
            return _below(topic, self._older, BELOW_OLDER)
        return Address(None, "", "")

    def is_below(self, topic: str, username: str) -> bool:
        """Whether a topic, or a filter, is the device's own by this id or name."""
        return any(topic.startswith(f"{root}{username}/") for root in (self._devices, self._older))

    def is_to_groups(self, topic: str) -> bool:
        """Whether a topic, or a filter, is one of groups."""
        return topic.startswith(self._fleet)

    def heartbeat(self, username: str) -> str:
        """Where a device gives a sign of life."""
        return f"{self._devices}{username}/status/heartbeat"

    def elsewhere(self, device: str) -> Address:
        """Of what a device published where it may not: it hears of it on its own topic."""
        return Address(None, device, f"{self._devices}{device}") if device else Address(None, "", "")

    def response(self, name: str) -> str:
        """Where the answer to a registration goes."""
        return self._response + name

    def commands(self, device_id: int, name: str, command: str) -> list[str]:
        """Where a command may be listened for: by id, by name, each by its kind or for all of them, and as older firmware does."""
        kind = next((kind for kind in ("config", "firmware") if kind in command.lower()), "control")
        roots = [f"{self._devices}{device_id}/commands", f"{self._devices}{name}/commands"]
        return [*(one for root in roots for one in (f"{root}/{kind}", root)), f"{self._older}{name}/commands"]

    def group_commands(self, group: str) -> str:
        """Where a group is told of a command as a whole."""
        return self._fleet + group

    def configs(self, device_id: int, name: str) -> list[str]:
        """Where a desired configuration is retained."""
        return [f"{self._devices}{device_id}/config", f"{self._devices}{name}/config", f"{self._older}{name}/config"]

    def signs_of_life(self) -> list[str]:
        """What every adapter subscribes to: by two of them a device's coming might overtake its going."""
        return [f"{self._devices}+/status/#", f"{self._older}+/heartbeat", f"{self._older}+/status"]

    def shared(self) -> list[str]:
        """All else that devices may publish; adapters may share it."""
        return [
            f"{self._devices}+/telemetry/#",
            f"{self._devices}+/commands/ack",
            f"{self._devices}+/config/reported",
            f"{self._register}+",
            f"{self._older}+/telemetry",
            f"{self._older}+/commands/ack",
            f"{self._older}+/config/reported",
        ]


def _below(topic: str, start: str, kinds: dict[str, Kind]) -> Address:
    device, _, rest = topic[len(start) :].partition("/")
    return Address(kinds.get(rest), device, start + device)
