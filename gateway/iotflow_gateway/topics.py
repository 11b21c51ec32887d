"""Topics of the adapter: what it subscribes to, and where its own messages go."""

from iotflow.mqtt_topics import SIGNS_OF_LIFE, Address, Kind, TopicGrammar, is_published_to, usernames
from iotflow.topic_names import ANONYMOUS, level_problem

__all__ = ["SIGNS_OF_LIFE", "Address", "Kind", "Topics", "is_published_to", "usernames"]


class Topics(TopicGrammar):
    """prefix: the first part of every topic; it may have slashes."""

    def heartbeat(self, username: str) -> str:
        """Where a device gives a sign of life."""
        return f"{self._devices}{username}/status/heartbeat"

    def elsewhere(self, device: str) -> Address:
        """Of what a device published where it may not: it hears of it on its own topic."""
        return Address(None, device, f"{self._devices}{device}") if device else Address(None, "", "")

    def commands(self, device_id: int, name: str, command: str) -> list[str]:
        """Where a command may be listened for: by id, by name, each by its kind or for all of them, and as older firmware does."""
        kind = next((kind for kind in ("config", "firmware") if kind in command.lower()), "control")
        roots = [f"{device}/commands" for device in self._roots(device_id, name)]
        return [*(one for root in roots for one in (f"{root}/{kind}", root)), *self._by_name(name, "commands")]

    def is_by_id(self, topic: str, device_id: int) -> bool:
        """Whether a topic is the device's for ever: its name may become another's."""
        return topic.startswith(f"{self._devices}{device_id}/")

    def group_commands(self, group: str) -> str:
        """Where a group is told of a command as a whole."""
        return self._fleet + group

    def configs(self, device_id: int, name: str) -> list[str]:
        """Where a desired configuration is retained."""
        return [*(f"{device}/config" for device in self._roots(device_id, name)), *self._by_name(name, "config")]

    def _roots(self, device_id: int, name: str) -> list[str]:
        """A name that cannot stand in topics has none: its device is reached by its id."""
        return [f"{self._devices}{username}" for username in usernames(device_id, name)]

    def _by_name(self, name: str, below: str) -> list[str]:
        """Older firmware's, which has no ids."""
        return [] if level_problem(name) else [f"{self._older}{name}/{below}"]

    def signs_of_life(self) -> list[str]:
        """What every adapter subscribes to: by two of them a device's coming might overtake its going."""
        return [
            *_all_below(f"{self._devices}+/status"),
            f"{self._older}+/heartbeat",
            *_all_below(f"{self._older}+/status"),
        ]

    def shared(self) -> list[str]:
        """All else that devices may publish; adapters may share it."""
        return [
            *_all_below(f"{self._devices}+/telemetry"),
            f"{self._devices}+/commands/ack",
            f"{self._devices}+/config/reported",
            f"{self._register}+",
            *_all_below(f"{self._older}+/telemetry"),
            f"{self._older}+/commands/ack",
            f"{self._older}+/config/reported",
        ]

    def replaced(self) -> list[str]:
        """What earlier versions subscribed to in their place; a session that outlived them has both."""
        below = (f"{root}+/{one}/#" for root in (self._devices, self._older) for one in ("status", "telemetry"))
        return [*below]

    def statuses(self, device_id: int, name: str) -> list[str]:
        """Where a device may have retained how it is."""
        own = [f"{device}/status" for device in self._roots(device_id, name)]
        return [
            *(f"{one}{state}" for one in own for state in ("", "/online", "/offline")),
            *self._by_name(name, "status"),
        ]

    def anonymous(self) -> list[str]:
        """What clients without a login may publish, where the broker mounts it."""
        return [
            ANONYMOUS + one for one in (*self.signs_of_life(), *self.shared()) if not one.startswith(self._register)
        ]


def _all_below(topic: str) -> list[str]:
    """As `topic/#`, but that Mosquitto 2.0 takes these for new in a session that has that one: of what it has it keeps the options."""
    return [topic, f"{topic}/+", f"{topic}/+/+/#"]
