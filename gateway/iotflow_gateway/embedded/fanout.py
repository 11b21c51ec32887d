"""Delivers messages to the clients of the embedded broker: new messages, queued ones and retained ones."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterator, Mapping
from typing import Any

import structlog
from amqtt.session import OutgoingApplicationMessage, Session

from iotflow_gateway.embedded.client_protocol import ClientProtocol
from iotflow_gateway.embedded.limits import MOST_QUEUED, MOST_QUEUED_BYTES, MOST_RETAINED, MOST_RETAINED_BYTES
from iotflow_gateway.embedded.session_state import device_of, state

log = structlog.get_logger(__name__)

# Deliveries in progress, and the size of their payloads. Further messages are not sent.
MOST_DELIVERIES, MOST_DELIVERY_BYTES = 10_000, 64 * 2**20

# By topic filter: the sessions that subscribed, each with the granted QoS.
Subscriptions = Mapping[str, list[tuple[Session, int]]]


class Retained:
    """Retained messages, by device and topic. They belong to the device, not to the name in the topic, and are removed with it.
    Messages without a known device belong to device 0."""

    def __init__(self) -> None:
        self._by_device: defaultdict[int, dict[str, bytes]] = defaultdict(dict)

    def put(self, device_id: int, topic: str, payload: bytes) -> None:
        """Replace the message of a topic; an empty payload removes it."""
        if payload:
            self._by_device[device_id][topic] = payload
        else:
            self._by_device[device_id].pop(topic, None)

    def put_bounded(self, device_id: int, topic: str, payload: bytes) -> None:
        """Replace the message of a topic for the device itself. A message above the device's limits is not retained."""
        own = self._by_device[device_id]
        size = sum(map(len, own.values())) - len(own.get(topic, b"")) + len(payload)
        if payload and (size > MOST_RETAINED_BYTES or (topic not in own and len(own) >= MOST_RETAINED)):
            problem = f"the limit of a device is {MOST_RETAINED} messages and {MOST_RETAINED_BYTES} bytes"
            log.info("message_not_retained", problem=problem, device_id=device_id, topic=topic[:200])
        else:
            self.put(device_id, topic, payload)

    def of(self, device_id: int) -> Iterator[tuple[str, bytes]]:
        """Topics and payloads that the device may receive."""
        for one in {0, device_id}:
            yield from list(self._by_device.get(one, {}).items())

    def remove(self, device_id: int) -> None:
        """Remove the messages of a removed device."""
        self._by_device.pop(device_id, None)


class Fanout:
    """protocol_of: the protocol of a session, or None without a connection. may_receive: whether a session may receive the messages
    of a topic. matches: whether a topic matches a filter."""

    def __init__(
        self,
        subscriptions: Subscriptions,
        *,
        protocol_of: Callable[[Session], ClientProtocol | None],
        may_receive: Callable[[Session, str], bool],
        matches: Callable[[str, str], bool],
    ) -> None:
        self._subscriptions = subscriptions
        self._protocol_of = protocol_of
        self._may_receive = may_receive
        self._matches = matches
        self.retained = Retained()
        self._deliveries: set[asyncio.Task[bool]] = set()
        self._bytes = 0

    def publish(self, topic: str, payload: bytes, qos: int) -> bool:
        """Start to deliver a message; it is queued for sessions without a connection. False: too many deliveries are in progress."""
        if len(self._deliveries) >= MOST_DELIVERIES or self._bytes + len(payload) > MOST_DELIVERY_BYTES:
            return False
        if next(self._subscribers(topic), None):
            self._start(self.deliver(topic, payload, qos, queue=True), len(payload))
        return True

    async def deliver(self, topic: str, payload: bytes, qos: int, *, queue: bool = False, only: int = 0) -> bool:
        """Deliver a message to all subscribers. The result: whether any subscriber received it. queue: for sessions without a
        connection. only: the one device that may receive it, or 0."""
        sending = [
            self._send(session, topic, payload, min(qos, granted), queue=queue)
            for session, granted in self._subscribers(topic)
            if not only or device_of(session) == only
        ]
        return any(await asyncio.gather(*sending))

    def send_retained(self, session: Session, topic_filter: str, qos: int) -> None:
        """Send the retained messages that match a filter of the session."""
        if protocol := self._protocol_of(session):
            for topic, payload in self.retained.of(device_of(session)):
                if self._matches(topic, topic_filter) and self._may_receive(session, topic):
                    self._start(protocol.deliver(topic, payload, qos, retain=True), len(payload))

    def resume(self, session: Session) -> None:
        """Send the queued messages of a session that has connected, and the retained messages of its filters."""
        state(session).queued_bytes = 0
        for _ in range(session.retained_messages.qsize()):
            queued = session.retained_messages.get_nowait()
            self._start(self._send(session, queued.topic, queued.data, queued.qos, queue=True), len(queued.data))
        for topic_filter, subscribed in self._subscriptions.items():
            for qos in [qos for one, qos in subscribed if one is session]:
                self.send_retained(session, topic_filter, qos)

    async def close(self) -> None:
        """Cancel the deliveries in progress."""
        for task in self._deliveries:
            task.cancel()
        await asyncio.gather(*self._deliveries, return_exceptions=True)

    def _subscribers(self, topic: str) -> Iterator[tuple[Session, int]]:
        """The sessions that receive the topic, each once, with the highest QoS that it was granted."""
        granted: dict[str, tuple[Session, int]] = {}
        for topic_filter, subscribed in self._subscriptions.items():
            if self._matches(topic, topic_filter):
                for session, qos in subscribed:
                    _, other = granted.get(session.client_id, (session, 0))
                    granted[session.client_id] = session, max(qos, other)
        return (one for one in granted.values() if self._may_receive(one[0], topic))

    async def _send(self, session: Session, topic: str, payload: bytes, qos: int, *, queue: bool) -> bool:
        protocol = self._protocol_of(session)
        if protocol and await protocol.deliver(topic, payload, qos):
            return True
        is_away = protocol is None or protocol.over.is_set()
        if not (is_away and queue and qos) or session.clean_session or not _has_room(session, payload):
            return False
        state(session).queued_bytes += len(payload)
        session.retained_messages.put_nowait(OutgoingApplicationMessage(None, topic, qos, payload, retain=False))
        return True

    def _start(self, work: Coroutine[Any, Any, bool], size: int) -> None:
        task = asyncio.create_task(work)
        self._deliveries.add(task)
        self._bytes += size
        task.add_done_callback(lambda _: self._remove(task, size))

    def _remove(self, task: "asyncio.Task[bool]", size: int) -> None:
        self._deliveries.discard(task)
        self._bytes -= size


def _has_room(session: Session, payload: bytes) -> bool:
    """Whether the message fits into the session's queue."""
    size = state(session).queued_bytes + len(payload)
    return session.retained_messages.qsize() < MOST_QUEUED and size <= MOST_QUEUED_BYTES
