"""One client address locks out no other: by connections, by connections without a CONNECT, or by logins."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
import structlog

from iotflow.v1.mqtt_pb2 import MqttAccount
from iotflow.v1.mqtt_service_pb2 import FindAccountResponse, FindAccountsRequest, FindAccountsResponse
from iotflow_gateway.endpoint import client_addresses, logins
from iotflow_gateway.endpoint.limits import MOST_LOGINS_AFTER_FAILURES, MOST_LOGINS_OF_AN_ADDRESS
from iotflow_gateway.mqtt import Connack, ReasonCode, Version, Will
from tests.support.mqtt_endpoint import ADAPTER, Client, RunningEndpoint, connect, running_endpoint

FLOODING, OTHER, THIRD = "127.0.0.1", "127.0.0.2", "127.0.0.3"
WRONG = (ADAPTER[0], "wrong")


class SlowServer:
    """A channel to a server that finds the account of every key when the test answers. calls: the keys of each, in order."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self._answers = asyncio.Semaphore(0)
        self._changed = asyncio.Condition()

    def unary_unary(self, *_: object, **__: object) -> Callable[..., Awaitable[FindAccountsResponse]]:
        """A method of the server."""
        return self._find

    unary_stream = stream_stream = unary_unary

    def answer(self, count: int) -> None:
        """Answer this many calls."""
        for _ in range(count):
            self._answers.release()

    async def called(self) -> None:
        """Wait until a call has arrived."""
        async with asyncio.timeout(10), self._changed:
            await self._changed.wait_for(lambda: self.calls)

    async def _find(self, request: FindAccountsRequest, **_: object) -> FindAccountsResponse:
        async with self._changed:
            self.calls.append(list(request.api_keys))
            self._changed.notify_all()
        await self._answers.acquire()
        accounts = [MqttAccount(device_id=1, name=key, status="active") for key in request.api_keys]
        return FindAccountsResponse(accounts=[FindAccountResponse(account=account) for account in accounts])


async def opened(stack: AsyncExitStack, one: RunningEndpoint, count: int, source: str) -> list[Client]:
    """Connections without a CONNECT."""
    return [await stack.enter_async_context(one.line(source=source)) for _ in range(count)]


async def answer_to(client: Client, login: tuple[str, str] = ADAPTER) -> Connack:
    """The answer to CONNECT."""
    answer = await client.ask(connect(Version.V5, login=login))
    assert isinstance(answer, Connack)
    return answer


async def test_connections_without_a_connect_end_the_oldest_of_their_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_addresses, "MOST_UNIDENTIFIED_OF_AN_ADDRESS", 10)
    async with running_endpoint() as one, AsyncExitStack() as stack:
        (other,) = await opened(stack, one, 1, OTHER)
        with structlog.testing.capture_logs() as lines:
            flood = await opened(stack, one, 30, FLOODING)
            assert all([await client.is_closed() for client in flood[:20]])
        assert {(line["reason"], line["address"]) for line in lines if line["event"] == "connection_ended"} == {
            ("10 connections of one address have sent no CONNECT", FLOODING)
        }
        assert not (await answer_to(other)).code
        assert not (await answer_to(flood[-1])).code


async def test_too_many_connections_without_a_connect_end_one_of_the_address_with_most(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client_addresses, "MOST_UNIDENTIFIED", 10)
    async with running_endpoint() as one, AsyncExitStack() as stack:
        (other,) = await opened(stack, one, 1, OTHER)
        flood = await opened(stack, one, 9, FLOODING)
        new = await opened(stack, one, 4, THIRD)
        assert all([await client.is_closed() for client in flood[:4]])
        for client in (other, *new):
            assert not (await answer_to(client)).code


async def test_the_connections_of_an_address_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_addresses, "MOST_OF_AN_ADDRESS", 2)
    async with running_endpoint() as one, AsyncExitStack() as stack:
        first, _, third = await opened(stack, one, 3, FLOODING)
        assert await third.is_closed()
        (other,) = await opened(stack, one, 1, OTHER)
        assert not (await answer_to(other)).code
        await first.close()
        await answered_again(stack, one)


async def answered_again(stack: AsyncExitStack, one: RunningEndpoint) -> None:
    """Wait until the address may connect again: the endpoint notices the end of a connection a moment later."""
    async with asyncio.timeout(10):
        while True:
            (client,) = await opened(stack, one, 1, FLOODING)
            try:
                assert not (await answer_to(client)).code
            except ConnectionError:
                continue
            return


async def test_logins_of_an_address_wait_behind_those_of_others_that_come_later() -> None:
    server = SlowServer()
    async with running_endpoint(channel=server) as one, AsyncExitStack() as stack:
        flood = await opened(stack, one, 6 * MOST_LOGINS_OF_AN_ADDRESS, FLOODING)
        for number, client in enumerate(flood):
            client.send(connect(Version.V5, login=(f"flood-{number}", f"flood-{number}")))
        await server.called()
        (other,) = await opened(stack, one, 1, OTHER)
        other.send(connect(Version.V5, login=("other", "other")))
        server.answer(len(flood))
        answer = await other.receive()
        assert isinstance(answer, Connack)
        assert not answer.code
        for client in flood:
            await client.receive()
        # Those that were checked when it came, and those that took their slots.
        assert [key for call in server.calls for key in call].index("other") <= 3 * MOST_LOGINS_OF_AN_ADDRESS


async def test_an_address_with_many_failed_logins_has_fewer_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A correct login of the address still succeeds: other clients may have the same one."""
    monkeypatch.setattr(logins, "MOST_FAILED_LOGINS", 3)
    monkeypatch.setattr(logins, "MOST_WAITING_AFTER_FAILURES", 6)
    server = SlowServer()
    async with running_endpoint(channel=server) as one, AsyncExitStack() as stack:
        with structlog.testing.capture_logs() as lines:
            for client in await opened(stack, one, 5, FLOODING):
                assert (await answer_to(client, WRONG)).code is ReasonCode.NOT_AUTHORIZED
        (slowed,) = [line for line in lines if line["event"] == "logins_slowed"]
        assert (slowed["address"], slowed["reason"]) == (
            FLOODING,
            "more than 3 logins of one address failed in a minute",
        )
        waiting = await opened(stack, one, 6, FLOODING)
        for number, client in enumerate(waiting):
            client.send(connect(Version.V5, login=(f"d-{number}", f"d-{number}")))
        await server.called()
        (refused,) = await opened(stack, one, 1, FLOODING)
        answer = await answer_to(refused)
        assert answer.code is ReasonCode.SERVER_BUSY
        assert answer.properties["reason_string"] == f"{slowed['reason']}, and 6 wait"
        (other,) = await opened(stack, one, 1, OTHER)
        assert not (await answer_to(other)).code
        server.answer(6)
        for client in waiting:
            accepted = await client.receive()
            assert isinstance(accepted, Connack)
            assert not accepted.code
        assert max(map(len, server.calls)) <= MOST_LOGINS_AFTER_FAILURES


async def test_failed_logins_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("iotflow_gateway.endpoint.logins.time.monotonic", lambda: now[0])
    failed = logins.FailedLogins()
    for _ in range(1_000):
        failed.record(FLOODING)
    assert failed.are_too_many(FLOODING)
    assert not failed.are_too_many(OTHER)
    now[0] = 61.0
    assert not failed.are_too_many(FLOODING)


async def test_the_addresses_of_failed_logins_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The address of the oldest failure is forgotten first."""
    monkeypatch.setattr(logins, "MOST_FAILED_ADDRESSES", 2)
    monkeypatch.setattr(logins, "MOST_FAILED_LOGINS", 1)
    failed = logins.FailedLogins()
    for address in (FLOODING, FLOODING, OTHER, OTHER, FLOODING, THIRD, THIRD):
        failed.record(address)
    assert [failed.are_too_many(one) for one in (FLOODING, OTHER, THIRD)] == [True, False, True]


@pytest.mark.parametrize("limit", ["MOST_LOGIN_BYTES", "MOST_LOGIN_BYTES_OF_AN_ADDRESS"])
async def test_the_memory_of_waiting_logins_has_a_limit(monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    monkeypatch.setattr(logins, limit, 100_000)
    server = SlowServer()
    async with running_endpoint(channel=server) as one, AsyncExitStack() as stack:
        first, second = await opened(stack, one, 2, FLOODING)
        will = Will("p/devices/d/status/offline", b"x" * 60_000)
        first.send(connect(Version.V5, login=("d", "d"), will=will))
        await server.called()
        answer = await second.ask(connect(Version.V5, login=("d", "d"), will=will))
        assert isinstance(answer, Connack)
        assert answer.code is ReasonCode.SERVER_BUSY
        assert answer.properties["reason_string"].startswith("100000 bytes of logins")
        server.answer(1)
        accepted = await first.receive()
        assert isinstance(accepted, Connack)
        assert not accepted.code
