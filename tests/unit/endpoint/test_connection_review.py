"""Connections of the endpoint end with the account or the key of their device."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from iotflow_gateway.endpoint import connection_review
from iotflow_gateway.endpoint.access_control import AuthUnavailable, Login
from iotflow_gateway.endpoint.connection_review import ConnectionReview
from iotflow_gateway.endpoint.outbound import Outbound, OutgoingBytes
from iotflow_gateway.endpoint.session import Session, session_key

PATIENCE = 5.0
DEVICE = 7
# How much the clock of the event loop and that of the system may differ within a test.
TOLERANCE = timedelta(milliseconds=20)


@pytest.fixture(autouse=True)
def short_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_review, "AGAIN_SECONDS", 0.001)


def session(client_id: str = "c", device_id: int = DEVICE) -> Session:
    login = Login("device", device_id)
    one = Session(session_key(login, client_id), client_id, login, Outbound(OutgoingBytes()), "key")
    connected: Any = object()
    one.client = connected
    return one


class Broker:
    """The sessions, and the outcome of the logins in order; the last one repeats. times: of the logins."""

    def __init__(self, *sessions: Session, logins: list[Any]) -> None:
        self.connected = list(sessions)
        self.disconnected: list[Session] = []
        self.removed: list[int] = []
        self.times: list[datetime] = []
        self._logins = logins
        self._changed = asyncio.Event()

    async def authenticate(self, username: str, password: str, _certificate: object = None) -> Login | None:
        assert (username, password) == ("device", "key")
        self._record(self.times, datetime.now(UTC))
        login = self._logins.pop(0) if len(self._logins) > 1 else self._logins[0]
        if isinstance(login, Exception):
            raise login
        found: Login | None = login
        return found

    def of(self, device_id: int) -> list[Session]:
        return self.connected if device_id == DEVICE else []

    def disconnect(self, one: Session) -> None:
        one.client = None
        self._record(self.disconnected, one)

    def remove_device(self, device_id: int) -> None:
        self._record(self.removed, device_id)

    async def until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._changed.clear()
            await self._changed.wait()

    def _record(self, to: list[Any], item: object) -> None:
        to.append(item)
        self._changed.set()


@asynccontextmanager
async def reviewing(broker: Any) -> AsyncIterator[ConnectionReview]:
    review = ConnectionReview(broker)
    running = asyncio.create_task(review.run(broker))
    try:
        async with asyncio.timeout(PATIENCE):
            yield review
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def login(ends_in: float | None = None) -> Login:
    end = None if ends_in is None else datetime.now(UTC) + timedelta(seconds=ends_in)
    return Login("device", DEVICE, key_ends_at=end)


async def test_a_connection_ends_with_its_key() -> None:
    first, valid = session(), login(0.05)
    broker = Broker(first, logins=[valid, None])
    async with reviewing(broker) as review:
        review.schedule(DEVICE)
        await broker.until(lambda: broker.disconnected == [first])
    assert len(broker.times) == 2
    assert valid.key_ends_at
    assert broker.times[1] > valid.key_ends_at - TOLERANCE
    assert first.login is valid


async def test_a_key_that_the_server_still_accepts_after_its_end_is_checked_again_with_a_delay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    delay = timedelta(seconds=0.05)
    monkeypatch.setattr(connection_review, "AGAIN_SECONDS", delay.total_seconds())
    first = session()
    broker = Broker(first, logins=[login(-60.0), login(-60.0), None])
    async with reviewing(broker) as review:
        review.schedule(DEVICE)
        await broker.until(lambda: broker.disconnected == [first])
    first_time, second_time, third_time = broker.times
    assert min(second_time - first_time, third_time - second_time) > delay - TOLERANCE


async def test_an_unavailable_server_ends_no_connection_and_is_asked_again() -> None:
    first = session()
    broker = Broker(first, logins=[AuthUnavailable(), AuthUnavailable(), None])
    async with reviewing(broker) as review:
        review.schedule(DEVICE)
        await broker.until(lambda: len(broker.times) == 2)
        assert not broker.disconnected
        await broker.until(lambda: broker.disconnected == [first])


@pytest.mark.parametrize("ends", [(60.0, 0.02), (0.02, 60.0)])
async def test_a_device_is_reviewed_at_the_first_end_of_its_keys(ends: tuple[float, float]) -> None:
    sessions = [session("a"), session("b")]
    broker = Broker(*sessions, logins=[*map(login, ends), None])
    async with reviewing(broker) as review:
        review.schedule(DEVICE)
        await broker.until(lambda: broker.disconnected == sessions)


async def test_a_later_end_of_a_key_has_no_timer_of_its_own() -> None:
    """An error of the event loop fails the test."""
    sessions, is_over = [session("a"), session("b")], asyncio.Event()
    broker = Broker(*sessions, logins=[login(0.04), login(0.01), None])
    async with reviewing(broker) as review:
        review.schedule(DEVICE)
        await broker.until(lambda: len(broker.times) == 2)
        asyncio.get_running_loop().call_later(0.05, is_over.set)
        await is_over.wait()
    assert (len(broker.times), broker.disconnected) == (4, sessions)


async def test_each_connection_of_a_suspended_device_ends() -> None:
    sessions = [session("a"), session("b")]
    broker = Broker(*sessions, logins=[None])
    async with reviewing(broker) as review:
        review.schedule(DEVICE)
        await broker.until(lambda: broker.disconnected == sessions)


async def test_a_session_without_a_connection_is_not_reviewed() -> None:
    away, present = session("a"), session("b")
    broker = Broker(away, present, logins=[None])
    away.client = None
    async with reviewing(broker) as review:
        review.schedule(DEVICE)
        await broker.until(lambda: present in broker.disconnected)
    assert len(broker.times) == 1


@pytest.mark.parametrize("order", [(True, False), (False, True), (True,)])
async def test_a_removed_device_loses_its_sessions_also_if_it_changed_before_or_after(order: tuple[bool, ...]) -> None:
    broker = Broker(session(), logins=[login()])
    async with reviewing(broker) as review:
        for removed in order:
            review.schedule(DEVICE, removed=removed)
        await broker.until(lambda: broker.removed == [DEVICE])
        # The removal was of the first device with this id only.
        review.schedule(DEVICE)
        await broker.until(lambda: len(broker.times) == 1)
    assert (broker.removed, broker.disconnected) == ([DEVICE], [])


async def test_all_devices_that_changed_together_are_reviewed() -> None:
    broker = Broker(session(), logins=[login()])
    async with reviewing(broker) as review:
        for device_id in (8, DEVICE, 9):
            review.schedule(device_id, removed=True)
        await broker.until(lambda: len(broker.removed) == 3)
    assert broker.removed == [8, DEVICE, 9]


async def test_a_new_session_is_reviewed_if_an_account_changed_during_its_login() -> None:
    """Otherwise the login is current."""
    first = session()
    broker = Broker(first, logins=[None])
    async with reviewing(broker) as review:
        before = review.changes
        review.schedule_session(first, before)
        review.schedule(DEVICE + 1, removed=True)
        await broker.until(lambda: bool(broker.removed))
        assert not broker.times
        review.schedule_session(first, before)
        await broker.until(lambda: broker.disconnected == [first])


async def test_a_new_session_is_reviewed_at_the_end_of_its_key() -> None:
    first = session()
    first.login = login(0.05)
    broker = Broker(first, logins=[None])
    async with reviewing(broker) as review:
        review.schedule_session(first, review.changes)
        await broker.until(lambda: broker.disconnected == [first])
    assert first.login.key_ends_at
    assert broker.times[0] > first.login.key_ends_at - TOLERANCE


async def test_a_session_that_is_not_of_a_device_is_not_reviewed() -> None:
    broker = Broker(session(), logins=[login()])
    async with reviewing(broker) as review:
        before = review.changes
        review.schedule(DEVICE, removed=True)
        review.schedule_session(session(device_id=0), before)
        await broker.until(lambda: bool(broker.removed))
    assert (broker.removed, broker.times) == ([DEVICE], [])
