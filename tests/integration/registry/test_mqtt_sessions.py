"""Sessions of MQTT clients: kept until they expire or end, held by one endpoint, bounded for an owner."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from iotflow_server.db.models import MqttSessionRow
from iotflow_server.mqtt.sessions import MOST_OF_AN_OWNER, ClientConnection, MqttSessions, OpenedSession, SessionChange
from tests.integration.registry.parts import Parts

ONE, OTHER = "endpoint one", "endpoint other"
EXPIRY = 60
SUBSCRIPTIONS = [("iotflow/devices/1/#", 1, 0), ("iotflow/devices/1/errors", 0x2D, 7)]


@pytest.fixture
def sessions(parts: Parts) -> MqttSessions:
    return MqttSessions(parts.database, parts.clock)


async def connection(parts: Parts, *, is_clean: bool = False, expiry: int = EXPIRY) -> ClientConnection:
    """A client of a new device."""
    device = await parts.make()
    return ClientConnection(device.id, "", "client", is_clean, expiry)


async def opened(sessions: MqttSessions, client: ClientConnection, endpoint: str = ONE) -> OpenedSession:
    (session,) = await sessions.open(endpoint, [client])
    return session


async def stored(parts: Parts) -> int:
    """The number of stored sessions."""
    count = select(func.count()).select_from(MqttSessionRow)
    return await parts.database.read(lambda connection: connection.execute(count).scalar_one())


async def test_a_session_keeps_its_subscriptions_for_the_next_connection(parts: Parts, sessions: MqttSessions) -> None:
    client = await connection(parts)
    first = await opened(sessions, client)
    assert (first.is_present, first.has_moved, first.connection, first.subscriptions) == (False, False, 1, ())
    assert not await sessions.update(ONE, [SessionChange(first.id, SUBSCRIPTIONS)])
    assert await opened(sessions, client) == OpenedSession(first.id, True, False, 2, SUBSCRIPTIONS)
    assert await opened(sessions, client, OTHER) == OpenedSession(first.id, True, True, 3, SUBSCRIPTIONS)


async def test_only_the_endpoint_that_opened_a_session_last_changes_it(parts: Parts, sessions: MqttSessions) -> None:
    client = await connection(parts)
    first = await opened(sessions, client)
    await opened(sessions, client, OTHER)
    assert await sessions.update(ONE, [SessionChange(first.id, SUBSCRIPTIONS)]) == {first.id}
    assert await sessions.update(ONE, [SessionChange(first.id, ended=(1, 0))]) == {first.id}
    assert (await opened(sessions, client)).subscriptions == []


async def test_a_session_ends_at_its_expiry(parts: Parts, sessions: MqttSessions) -> None:
    client = await connection(parts)
    first = await opened(sessions, client)
    await sessions.update(ONE, [SessionChange(first.id, ended=(1, EXPIRY))])
    parts.clock.advance(seconds=EXPIRY - 1)
    await sessions.prune()
    assert (await opened(sessions, client)).is_present
    await sessions.update(ONE, [SessionChange(first.id, ended=(2, EXPIRY))])
    parts.clock.advance(seconds=EXPIRY)
    new = await opened(sessions, client)
    assert not new.is_present
    assert new.id != first.id
    await sessions.update(ONE, [SessionChange(new.id, ended=(1, EXPIRY))])
    parts.clock.advance(seconds=EXPIRY)
    await sessions.prune()
    assert not await stored(parts)


async def test_the_end_of_an_earlier_connection_has_no_effect(parts: Parts, sessions: MqttSessions) -> None:
    client = await connection(parts)
    first = await opened(sessions, client)
    await opened(sessions, client)
    assert not await sessions.update(ONE, [SessionChange(first.id, ended=(1, 0))])
    parts.clock.advance(days=30)
    assert (await opened(sessions, client)).id == first.id


@pytest.mark.parametrize("expiry", [0, EXPIRY])
async def test_a_clean_start_ends_the_stored_session(parts: Parts, sessions: MqttSessions, expiry: int) -> None:
    client = await connection(parts)
    first = await opened(sessions, client)
    await sessions.update(ONE, [SessionChange(first.id, SUBSCRIPTIONS)])
    new = await opened(sessions, replace(client, is_clean=True, expiry=expiry))
    assert (new.is_present, new.subscriptions, bool(new.id)) == (False, (), bool(expiry))
    assert await sessions.update(ONE, [SessionChange(first.id, SUBSCRIPTIONS)]) == {first.id}


async def test_a_clean_session_is_not_stored(parts: Parts, sessions: MqttSessions) -> None:
    client = await connection(parts, is_clean=True, expiry=0)
    assert await opened(sessions, client) == OpenedSession()
    assert not await stored(parts)


async def test_the_same_client_id_of_another_owner_is_another_session(parts: Parts, sessions: MqttSessions) -> None:
    client = await connection(parts)
    adapter = ClientConnection(0, "iotflow/gateway", client.client_id, is_clean=False, expiry=EXPIRY)
    both = await sessions.open(ONE, [client, adapter])
    assert len({one.id for one in both}) == len(both)
    assert all(one.is_present for one in await sessions.open(ONE, [adapter, client]))


async def test_a_further_session_ends_the_oldest_of_its_owner(parts: Parts, sessions: MqttSessions) -> None:
    client = await connection(parts)
    clients = [replace(client, client_id=f"client {number}") for number in range(MOST_OF_AN_OWNER + 1)]
    oldest, away, *_ = [await opened(sessions, one) for one in clients[:-1]]
    await sessions.update(ONE, [SessionChange(away.id, ended=(1, EXPIRY))])
    await opened(sessions, clients[-1])
    assert await stored(parts) == MOST_OF_AN_OWNER
    assert (await opened(sessions, clients[0])).id == oldest.id
    assert not (await opened(sessions, clients[1])).is_present


async def test_sessions_end_with_their_device(parts: Parts, sessions: MqttSessions) -> None:
    client = await connection(parts)
    await opened(sessions, client)
    await parts.registry.delete(client.device_id, actor="token:me")
    assert not await stored(parts)
    assert await opened(sessions, client) == OpenedSession()


async def test_two_servers_open_the_session_of_a_client_at_once(parts: Parts, sessions: MqttSessions) -> None:
    client = await connection(parts)
    both = await asyncio.gather(*(opened(sessions, client, endpoint) for endpoint in (ONE, OTHER)))
    assert sorted(one.connection for one in both) == [1, 2]
    assert len({one.id for one in both}) == 1
