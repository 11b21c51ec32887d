"""The topics that the adapter subscribes to and publishes on."""

from functools import lru_cache

from iotflow.mqtt_topics import SIGNS_OF_LIFE, Address, Kind, TopicGrammar, is_published_to, usernames
from iotflow.topic_names import ANONYMOUS, level_problem

# Addresses of topics that are remembered, and the characters of such a topic, so that the memory is bounded: about 30 MB.
_REMEMBERED, _REMEMBERED_LENGTH = 65_536, 128

__all__ = ["SIGNS_OF_LIFE", "Address", "Kind", "Topics", "is_published_to", "usernames"]


class Topics(TopicGrammar):
    """prefix: the first part of every topic; it may have slashes."""

    def __init__(self, prefix: str) -> None:
        super().__init__(prefix)
        self._remembered = lru_cache(_REMEMBERED)(super().parse)

    def parse(self, topic: str) -> Address:
        """Parse a topic. Short ones are parsed once and remembered."""
        return self._remembered(topic) if len(topic) <= _REMEMBERED_LENGTH else super().parse(topic)

    def heartbeat(self, username: str) -> str:
        """The topic of a device's heartbeats."""
        return f"{self._devices}{username}/status/heartbeat"

    def root(self, topic: str) -> str:
        """The part of a topic, or of a filter, that topics of one device have in common; for topics that are not of a device, the
        part that topics of one kind have in common; else empty."""
        for shared in (self._fleet, self._response):
            if topic.startswith(shared):
                return shared
        return self._parse(topic).root

    def foreign(self, device: str) -> Address:
        """The address of a message on a topic that its publisher may not use. Its error goes to the publisher's own topic."""
        return self.own(device) if device else Address(None, "", "")

    def commands(self, device_id: int, name: str, command: str) -> list[str]:
        """The topics to which a device may subscribe for a command: of its id and of its name, each by the kind of the command or
        for all kinds, and the topic of older firmware."""
        kind = next((kind for kind in ("config", "firmware") if kind in command.lower()), "control")
        roots = [f"{device}/commands" for device in self._roots(device_id, name)]
        return [*(one for root in roots for one in (f"{root}/{kind}", root)), *self._older_topic(name, "commands")]

    def is_by_id(self, topic: str, device_id: int) -> bool:
        """Whether the topic has the device's id, and so belongs to no other device later, as one with its name may."""
        return topic.startswith(f"{self._devices}{device_id}/")

    def group_commands(self, group: str) -> str:
        """The topic on which commands to a group are announced."""
        return self._fleet + group

    def configs(self, device_id: int, name: str) -> list[str]:
        """The topics on which a desired configuration is retained."""
        return [*(f"{device}/config" for device in self._roots(device_id, name)), *self._older_topic(name, "config")]

    def _roots(self, device_id: int, name: str) -> list[str]:
        return [f"{self._devices}{username}" for username in usernames(device_id, name)]

    def _older_topic(self, name: str, below: str) -> list[str]:
        """The topic of older firmware, which uses names only; none if the name cannot be part of a topic."""
        return [] if level_problem(name) else [f"{self._older}{name}/{below}"]

    def status_filters(self) -> list[str]:
        """Filters that every adapter subscribes to. If adapters shared them, `online` of a device could overtake its `offline`."""
        return [
            *_all_below(f"{self._devices}+/status"),
            f"{self._older}+/heartbeat",
            *_all_below(f"{self._older}+/status"),
        ]

    def shared_filters(self) -> list[str]:
        """Filters of all other topics of devices, which adapters may share."""
        return [
            *_all_below(f"{self._devices}+/telemetry"),
            f"{self._devices}+/commands/ack",
            f"{self._devices}+/config/reported",
            f"{self._register}+",
            *_all_below(f"{self._older}+/telemetry"),
            f"{self._older}+/commands/ack",
            f"{self._older}+/config/reported",
        ]

    def obsolete_filters(self) -> list[str]:
        """Filters of earlier versions, which a session that is older than this version still has."""
        below = (f"{root}+/{one}/#" for root in (self._devices, self._older) for one in ("status", "telemetry"))
        return [*below]

    def statuses(self, device_id: int, name: str) -> list[str]:
        """The topics on which a device may have retained its status."""
        own = [f"{device}/status" for device in self._roots(device_id, name)]
        return [
            *(f"{one}{state}" for one in own for state in ("", "/online", "/offline")),
            *self._older_topic(name, "status"),
        ]

    def anonymous_filters(self) -> list[str]:
        """Filters of messages of clients without a login, below the mount point of their listener."""
        filters = (*self.status_filters(), *self.shared_filters())
        return [ANONYMOUS + one for one in filters if not one.startswith(self._register)]


def _all_below(topic: str) -> list[str]:
    """The topics of `topic/#` as other filters. Mosquitto 2.0 keeps the options of a filter that a session has; these are new to a
    session of an earlier version."""
    return [topic, f"{topic}/+", f"{topic}/+/+/#"]
