"""The limits of the embedded broker's deliveries: exactly as much as the limit is kept, and no more."""

import asyncio
from typing import Any

import pytest
from amqtt.session import Session

from iotflow_gateway.embedded import fanout
from iotflow_gateway.embedded.access_control import Login
from iotflow_gateway.embedded.fanout import Fanout, Retained
from iotflow_gateway.embedded.session_state import admit

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
