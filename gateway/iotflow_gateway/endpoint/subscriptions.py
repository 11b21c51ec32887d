"""The subscriptions of all sessions, by the beginning of their topics."""

from collections.abc import Iterator

from iotflow_gateway.endpoint.session import Granted, Session
from iotflow_gateway.mqtt.topic_filters import has_wildcard, matches
from iotflow_gateway.topics import Topics

# Filters with a wildcard in the part that names the device, which only the adapter's own account may have.
_EVERYWHERE = ""


class Subscriptions:
    """A message is compared with the filters of its own device, and not with those of other devices."""

    def __init__(self, topics: Topics) -> None:
        self._topics = topics
        self._by_root: dict[str, dict[str, dict[Session, Granted]]] = {}

    def add(self, session: Session, granted: Granted) -> None:
        """Add or replace a subscription."""
        topic_filter = granted.subscription.topic_filter
        session.filters[topic_filter] = granted
        filters = self._by_root.setdefault(self._root(topic_filter), {})
        filters.setdefault(topic_filter, {})[session] = granted

    def remove(self, session: Session, topic_filter: str) -> bool:
        """Remove a subscription; False: there was none."""
        if session.filters.pop(topic_filter, None) is None:
            return False
        root = self._root(topic_filter)
        filters = self._by_root[root]
        del filters[topic_filter][session]
        if not filters[topic_filter]:
            del filters[topic_filter]
        if not filters:
            del self._by_root[root]
        return True

    def clear(self, session: Session) -> None:
        """Remove all subscriptions of a session."""
        for topic_filter in list(session.filters):
            self.remove(session, topic_filter)

    def may_match(self, topic: str, root: str) -> bool:
        """Whether there are subscriptions that begin like the topic. root: of a device; empty if the topic is not of a device."""
        root = root or self._topics.root(topic)
        return root in self._by_root or _EVERYWHERE in self._by_root

    def matching(self, topic: str) -> dict[Session, list[Granted]]:
        """The sessions that receive the topic, each with the subscriptions that match."""
        found: dict[Session, list[Granted]] = {}
        for sessions in self._candidates(topic):
            for session, granted in sessions.items():
                found.setdefault(session, []).append(granted)
        return found

    def _candidates(self, topic: str) -> Iterator[dict[Session, Granted]]:
        for root in {self._topics.root(topic), _EVERYWHERE}:
            for topic_filter, sessions in self._by_root.get(root, {}).items():
                if matches(topic_filter, topic):
                    yield sessions

    def _root(self, topic_filter: str) -> str:
        root = self._topics.root(topic_filter)
        return _EVERYWHERE if has_wildcard(root) else root
