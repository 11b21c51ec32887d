"""The number of sessions: of a device, of clients without a login, and in all. A new session ends the oldest one."""

from contextlib import AsyncExitStack

import pytest

from iotflow_gateway.endpoint import sessions as sessions_module
from iotflow_gateway.endpoint.limits import MOST_ANONYMOUS, MOST_OF_A_DEVICE
from iotflow_gateway.mqtt import (
    Connack,
    Disconnect,
    Pingreq,
    Pingresp,
    ReasonCode,
    Suback,
    Subscribe,
    Subscription,
    Version,
)
from tests.support.mqtt_endpoint import ADAPTER, DEVICE, DeviceServer, RunningEndpoint, connect, running_endpoint

V4 = Version.V3_1_1


async def is_resumed(one: RunningEndpoint, client_id: str) -> bool:
    """Whether a session of the adapter's login was kept."""
    async with one.line(V4) as line:
        answer = await line.ask(connect(V4, client_id, is_clean=False))
    assert isinstance(answer, Connack)
    return answer.session_present


@pytest.mark.parametrize(
    ("login", "most"), [(DEVICE, MOST_OF_A_DEVICE), (None, MOST_ANONYMOUS)], ids=["of a device", "without a login"]
)
async def test_a_client_whose_session_ends_for_a_new_one_is_disconnected_with_the_reason(
    login: tuple[str, str] | None, most: int
) -> None:
    async with running_endpoint(channel=DeviceServer()) as one, AsyncExitStack() as stack, one.client() as other:
        clients = [
            await stack.enter_async_context(one.client(client_id=str(number), login=login))
            for number in range(most + 1)
        ]
        end = await clients[0].receive()
        assert isinstance(end, Disconnect)
        assert end.code is ReasonCode.QUOTA_EXCEEDED
        assert end.properties["reason_string"] == "the owner has too many sessions"
        assert await clients[0].is_closed()
        for client in (clients[1], clients[-1], other):
            assert await client.ask(Pingreq()) == Pingresp()


async def test_the_oldest_sessions_of_an_owner_end_first() -> None:
    """Those without a connection before the others."""
    async with running_endpoint() as one, one.client(V4, "connected", is_clean=False) as connected:
        for number in range(MOST_ANONYMOUS):
            async with one.client(V4, str(number), is_clean=False):
                pass
        assert not await is_resumed(one, "0")
        assert isinstance(await connected.ask(Subscribe(1, [Subscription("t", 1)])), Suback)


async def test_too_many_sessions_in_all_end_the_oldest_one_without_a_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It may be of another owner. Sessions with a connection have the limit of connections."""
    monkeypatch.setattr(sessions_module, "MOST_SESSIONS", 3)
    async with running_endpoint(channel=DeviceServer()) as one, one.client(client_id="connected") as connected:
        for client_id in ("older", "newer"):
            async with one.client(V4, client_id, ADAPTER, is_clean=False):
                pass
        async with one.client(client_id="new", login=DEVICE) as new:
            assert await is_resumed(one, "newer")
            assert not await is_resumed(one, "older")
            for client in (connected, new):
                assert await client.ask(Pingreq()) == Pingresp()
