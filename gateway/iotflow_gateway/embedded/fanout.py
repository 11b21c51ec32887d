"""What clients of the embedded broker hear: messages as they come, those that were kept for them, and what is retained."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping
from typing import Any

from amqtt.session import OutgoingApplicationMessage, Session

from iotflow_gateway.embedded.client_protocol import ClientProtocol
from iotflow_gateway.embedded.limits import MOST_KEPT, MOST_KEPT_BYTES
from iotflow_gateway.embedded.retained import Retained
from iotflow_gateway.embedded.state import owner, state

# Messages on their way to clients, and their bytes; more are not sent.
MOST_UNDER_WAY, MOST_BYTES_UNDER_WAY = 10_000, 64 * 2**20

Subscriptions = Mapping[str, list[tuple[Session, int]]]


class Fanout:
    """subscriptions: by topic filter, who subscribed and the QoS that was granted. speaking: the conversation with a session,
    if there is one. hears: whether a session may hear of a topic. matches: whether a topic matches a filter."""

    def __init__(
        self,
        subscriptions: Subscriptions,
        speaking: Callable[[Session], ClientProtocol | None],
        hears: Callable[[Session, str], bool],
        matches: Callable[[str, str], bool],
    ) -> None:
        self._subscriptions = subscriptions
        self._speaking = speaking
        self._hears = hears
        self._matches = matches
        self.retained = Retained()
        self._under_way: set[asyncio.Task[bool]] = set()
        self._bytes = 0

    def send(self, topic: str, payload: bytes, qos: int) -> bool:
        """Spread a message, also to those who will be back; whether there was room for it."""
        if len(self._under_way) >= MOST_UNDER_WAY or self._bytes + len(payload) > MOST_BYTES_UNDER_WAY:
            return False
        if next(self._listeners(topic), None):
            self._begin(self.spread(topic, payload, qos, keep=True), len(payload))
        return True

    async def spread(self, topic: str, payload: bytes, qos: int, *, keep: bool = False, only: int = 0) -> bool:
        """Send to all who subscribed; whether any of them has it. keep: or will have it when it is back. only: to this device."""
        sending = [
            self._send(session, topic, payload, min(qos, granted), keep=keep)
            for session, granted in self._listeners(topic)
            if not only or owner(session) == only
        ]
        return any(await asyncio.gather(*sending))

    def show_retained(self, session: Session, topic_filter: str, qos: int) -> None:
        """What is retained below a filter that the session subscribed to."""
        if conversation := self._speaking(session):
            for topic, payload in self.retained.of(owner(session)):
                if self._matches(topic, topic_filter) and self._hears(session, topic):
                    self._begin(conversation.deliver(topic, payload, qos, retain=True), len(payload))

    def bring_up_to_date(self, session: Session) -> None:
        """With what was kept for it while it was away, and what is retained below its filters."""
        state(session).kept_bytes = 0
        for _ in range(session.retained_messages.qsize()):
            kept = session.retained_messages.get_nowait()
            self._begin(self._send(session, kept.topic, kept.data, kept.qos, keep=True), len(kept.data))
        for topic_filter, subscribed in self._subscriptions.items():
            for qos in [qos for one, qos in subscribed if one is session]:
                self.show_retained(session, topic_filter, qos)

    async def close(self) -> None:
        """Send nothing any more."""
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    def _listeners(self, topic: str) -> Iterator[tuple[Session, int]]:
        """Who hears of the topic, each once, with the highest QoS that it was granted."""
        granted: dict[str, tuple[Session, int]] = {}
        for topic_filter, subscribed in self._subscriptions.items():
            if self._matches(topic, topic_filter):
                for session, qos in subscribed:
                    _, other = granted.get(session.client_id, (session, 0))
                    granted[session.client_id] = session, max(qos, other)
        return (one for one in granted.values() if self._hears(one[0], topic))

    async def _send(self, session: Session, topic: str, payload: bytes, qos: int, *, keep: bool) -> bool:
        conversation = self._speaking(session)
        if conversation and await conversation.deliver(topic, payload, qos):
            return True
        away = conversation is None or conversation.over.is_set()
        if not (away and keep and qos) or session.clean_session or not _has_room(session, payload):
            return False
        state(session).kept_bytes += len(payload)
        session.retained_messages.put_nowait(OutgoingApplicationMessage(None, topic, qos, payload, retain=False))
        return True

    def _begin(self, work: Coroutine[Any, Any, bool], size: int) -> None:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        self._bytes += size
        task.add_done_callback(lambda _: self._done(task, size))

    def _done(self, task: "asyncio.Task[bool]", size: int) -> None:
        self._under_way.discard(task)
        self._bytes -= size


def _has_room(session: Session, payload: bytes) -> bool:
    """For one more message that waits for its client."""
    return session.retained_messages.qsize() < MOST_KEPT and state(session).kept_bytes + len(payload) <= MOST_KEPT_BYTES
