"""The limits of the embedded broker's deliveries: exactly as much as the limit is kept, and no more."""

import asyncio
from typing import Any

import pytest
from amqtt.session import Session

from iotflow_gateway.embedded import fanout
from iotflow_gateway.embedded.access_control import Login
from iotflow_gateway.embedded.fanout import Fanout, Retained
from iotflow_gateway.embedded.session_state import admit, state

DEVICE = 7


@pytest.fixture(autouse=True)
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, limit in {
        "MOST_DELIVERIES": 2,
        "MOST_DELIVERY_BYTES": 10,
        "MOST_RETAINED": 2,
        "MOST_RETAINED_BYTES": 10,
        "MOST_QUEUED": 2,
        "MOST_QUEUED_BYTES": 10,
    }.items():
        monkeypatch.setattr(fanout, name, limit)


def absent_client() -> Session:
    """A session that outlives its connection."""
    session = Session()
    session.client_id, session.clean_session = "c", False
    admit(session, Login("device", DEVICE))
    return session


def fanout_to(session: Session, protocol: Any = None) -> Fanout:
    return Fanout(
        {"t": [(session, 1)]},
        protocol_of=lambda _: protocol,
        may_receive=lambda *_: True,
        matches=lambda topic, topic_filter: topic == topic_filter,
    )


@pytest.mark.parametrize(
    ("messages", "kept"),
    [
        ([("a", 5), ("b", 5)], {"a": 5, "b": 5}),
        ([("a", 5), ("b", 6)], {"a": 5}),
        ([("a", 1), ("b", 1), ("c", 1)], {"a": 1, "b": 1}),
        ([("a", 5), ("b", 5), ("a", 4)], {"a": 4, "b": 5}),
        ([("a", 5), ("b", 5), ("a", 6)], {"a": 5, "b": 5}),
        ([("a", 5), ("b", 5), ("a", 0), ("c", 5)], {"b": 5, "c": 5}),
        ([("a", 11)], {}),
    ],
)
def test_a_device_retains_messages_up_to_its_limits(messages: list[tuple[str, int]], kept: dict[str, int]) -> None:
    retained = Retained()
    for topic, size in messages:
        retained.put_bounded(DEVICE, topic, bytes(size))
    assert {topic: len(payload) for topic, payload in retained.of(DEVICE)} == kept
    assert list(retained.of(DEVICE + 1)) == []
    retained.remove(DEVICE)
    assert list(retained.of(DEVICE)) == []


@pytest.mark.parametrize(
    ("sizes", "queued"),
    [([5, 5], [5, 5]), ([5, 6], [5]), ([1, 1, 1], [1, 1]), ([10], [10]), ([11], [])],
)
async def test_an_absent_client_has_messages_queued_up_to_its_limits(sizes: list[int], queued: list[int]) -> None:
    session = absent_client()
    deliveries = fanout_to(session)
    for size in sizes:
        await deliveries.deliver("t", bytes(size), 1, queue=True)
    assert [
        len(session.retained_messages.get_nowait().data) for _ in range(session.retained_messages.qsize())
    ] == queued


@pytest.mark.parametrize(
    ("clean", "queue", "qos", "queued"),
    [(False, True, 1, 1), (True, True, 1, 0), (False, False, 1, 0), (False, True, 0, 0)],
)
async def test_only_messages_with_an_acknowledgement_are_queued_and_for_lasting_sessions(
    clean: bool, queue: bool, qos: int, queued: int
) -> None:
    session = absent_client()
    session.clean_session = clean
    assert await fanout_to(session).deliver("t", b"x", qos, queue=queue) is bool(queued)
    assert session.retained_messages.qsize() == queued


class SlowProtocol:
    """A connection that accepts messages when the test lets it."""

    def __init__(self) -> None:
        self.over = asyncio.Event()
        self.ready = asyncio.Event()
        self.received: list[int] = []

    async def deliver(self, _topic: str, payload: bytes, _qos: int) -> bool:
        await self.ready.wait()
        self.received.append(len(payload))
        return True


@pytest.mark.parametrize(
    ("sizes", "accepted"),
    [
        ([5, 5], [True, True]),
        ([5, 6], [True, False]),
        ([1, 1, 1], [True, True, False]),
        ([10], [True]),
        ([11], [False]),
    ],
)
async def test_as_many_messages_as_the_limit_are_under_way(sizes: list[int], accepted: list[bool]) -> None:
    before = asyncio.all_tasks()
    protocol = SlowProtocol()
    deliveries = fanout_to(absent_client(), protocol)
    assert [deliveries.publish("t", bytes(size), 1) for size in sizes] == accepted
    protocol.ready.set()
    await asyncio.gather(*(asyncio.all_tasks() - before))
    assert len(protocol.received) == sum(accepted)
    assert deliveries.publish("t", b"", 1), "there is room again"
    await deliveries.close()


class Receiver:
    """A connection that accepts messages. accepts: whether it receives them; over: set when it has ended."""

    def __init__(self, *, accepts: bool = True) -> None:
        self.over = asyncio.Event()
        self.received: list[tuple[str, bytes, int, bool]] = []
        self._accepts = accepts

    async def deliver(self, topic: str, payload: bytes, qos: int, *, retain: bool = False) -> bool:
        if self._accepts:
            self.received.append((topic, payload, qos, retain))
        return self._accepts


async def delivered_since(before: set[Any]) -> None:
    """Wait for all deliveries that are not among these tasks."""
    await asyncio.gather(*(asyncio.all_tasks() - before))


async def test_queued_messages_are_sent_before_retained_ones_when_the_client_returns() -> None:
    session, before = absent_client(), asyncio.all_tasks()
    protocols: list[Any] = [None]
    deliveries = Fanout(
        {"t": [(session, 1)], "other": [(absent_client(), 1)]},
        protocol_of=lambda _: protocols[0],
        may_receive=lambda *_: True,
        matches=lambda topic, topic_filter: topic == topic_filter,
    )
    deliveries.retained.put(DEVICE, "t", b"kept")
    deliveries.retained.put(DEVICE, "other", b"not subscribed")
    for payload in (b"1", b"2"):
        await deliveries.deliver("t", payload, 1, queue=True)
    protocols[0] = receiver = Receiver()
    deliveries.resume(session)
    await delivered_since(before)
    assert receiver.received == [("t", b"1", 1, False), ("t", b"2", 1, False), ("t", b"kept", 1, True)]
    assert (session.retained_messages.qsize(), state(session).queued_bytes) == (0, 0)


async def test_messages_are_queued_again_if_the_client_leaves_at_once() -> None:
    session, before = absent_client(), asyncio.all_tasks()
    deliveries = fanout_to(session)
    for _ in range(2):
        await deliveries.deliver("t", bytes(5), 1, queue=True)
    deliveries.resume(session)
    await delivered_since(before)
    assert (session.retained_messages.qsize(), state(session).queued_bytes) == (2, 10)


async def test_retained_messages_are_sent_for_a_filter_that_the_client_may_use() -> None:
    session, before, receiver = absent_client(), asyncio.all_tasks(), Receiver()
    protocol: Any = receiver
    deliveries = Fanout(
        {},
        protocol_of=lambda _: protocol,
        may_receive=lambda _, topic: topic != "secret",
        matches=lambda topic, topic_filter: topic_filter in ("#", topic),
    )
    for device_id, topic in ((DEVICE, "a"), (DEVICE, "secret"), (0, "b"), (DEVICE + 1, "c")):
        deliveries.retained.put(device_id, topic, b"x")
    deliveries.send_retained(session, "#", 0)
    await delivered_since(before)
    assert sorted(receiver.received) == [("a", b"x", 0, True), ("b", b"x", 0, True)]


async def test_nothing_is_sent_to_a_client_without_a_connection() -> None:
    before, deliveries = asyncio.all_tasks(), fanout_to(absent_client())
    deliveries.retained.put(DEVICE, "t", b"x")
    deliveries.send_retained(absent_client(), "t", 1)
    assert asyncio.all_tasks() == before


async def test_a_client_receives_a_message_once_with_the_highest_qos_of_its_filters() -> None:
    session, receiver = absent_client(), Receiver()
    protocol: Any = receiver
    deliveries = Fanout(
        {"a": [(session, 0)], "b": [(session, 1)], "c": [(session, 0)]},
        protocol_of=lambda _: protocol,
        may_receive=lambda *_: True,
        matches=lambda *_: True,
    )
    assert await deliveries.deliver("t", b"x", 1)
    assert await deliveries.deliver("t", b"y", 0)
    assert receiver.received == [("t", b"x", 1, False), ("t", b"y", 0, False)]


async def test_a_topic_that_a_client_may_not_use_reaches_it_by_no_filter() -> None:
    receiver: Any = Receiver()
    deliveries = Fanout(
        {"#": [(absent_client(), 1)]},
        protocol_of=lambda _: receiver,
        may_receive=lambda _, topic: topic != "secret",
        matches=lambda *_: True,
    )
    assert not await deliveries.deliver("secret", b"x", 1)
    assert await deliveries.deliver("open", b"x", 1)
    assert receiver.received == [("open", b"x", 1, False)]


async def test_a_message_for_one_device_reaches_no_other() -> None:
    receiver = Receiver()
    deliveries = fanout_to(absent_client(), receiver)
    assert not await deliveries.deliver("t", b"x", 1, only=DEVICE + 1)
    assert await deliveries.deliver("t", b"x", 1, only=DEVICE)
    assert len(receiver.received) == 1


@pytest.mark.parametrize(("is_over", "queued"), [(True, 1), (False, 0)])
async def test_a_message_is_queued_if_the_connection_has_ended_and_dropped_if_it_is_too_slow(
    is_over: bool, queued: int
) -> None:
    session, receiver = absent_client(), Receiver(accepts=False)
    if is_over:
        receiver.over.set()
    assert await fanout_to(session, receiver).deliver("t", b"x", 1, queue=True) is is_over
    assert session.retained_messages.qsize() == queued
