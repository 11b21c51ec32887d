"""CONNECT: which clients are admitted, what CONNACK states, and which session a client gets."""

import asyncio
import socket
import struct
from typing import Any

import pytest

from iotflow_gateway.endpoint import client_addresses
from iotflow_gateway.endpoint import connection as connection_module
from iotflow_gateway.endpoint import endpoint as endpoint_module
from iotflow_gateway.endpoint import sessions as sessions_module
from iotflow_gateway.endpoint import times as times_module
from iotflow_gateway.endpoint.connection import Connection
from iotflow_gateway.endpoint.connections import Connections
from iotflow_gateway.endpoint.limits import LARGEST_PUBLISH, LONGEST_CLIENT_ID, LONGEST_SESSION
from iotflow_gateway.mqtt import (
    Auth,
    Connack,
    Disconnect,
    Pingreq,
    Pingresp,
    Publish,
    ReasonCode,
    Suback,
    Subscribe,
    Subscription,
    Version,
    Will,
)
from tests.support import raw_mqtt as raw
from tests.support.mqtt_endpoint import ADAPTER, PATIENCE, RunningEndpoint, connect, running_endpoint

V3, V4, V5 = Version.V3_1, Version.V3_1_1, Version.V5
STATED = {
    "receive_maximum": 1_000,
    "maximum_packet_size": LARGEST_PUBLISH + 5,
    "topic_alias_maximum": 16,
    "shared_subscriptions_available": 0,
}


async def answer_to(one: RunningEndpoint, version: Version, **more: Any) -> Connack:
    """The CONNACK for a CONNECT with these fields."""
    async with one.line(version) as client:
        answer = await client.ask(connect(version, **more))
        assert isinstance(answer, Connack)
        assert not answer.code or await client.is_closed()
        return answer


async def test_what_is_stated_to_a_client_of_mqtt_5() -> None:
    async with running_endpoint() as one:
        assert await answer_to(one, V5, keep_alive=60) == Connack(properties=STATED)  # type: ignore[arg-type]
        for seconds in (0, 65_535):
            assert (await answer_to(one, V5, keep_alive=seconds)).properties["server_keep_alive"] == 3_600
        lasting = await answer_to(one, V5, properties={"session_expiry": 2**32 - 1})
        assert lasting.properties["session_expiry"] == LONGEST_SESSION
        (first, second) = [await answer_to(one, V5, client_id="") for _ in range(2)]
        assert first.properties["assigned_client_id"] != second.properties["assigned_client_id"]


@pytest.mark.parametrize(
    ("version", "fields", "code"),
    [
        (V3, {"client_id": ""}, ReasonCode.CLIENT_IDENTIFIER_NOT_VALID),
        (V4, {"client_id": ""}, ReasonCode.SUCCESS),
        (V4, {"client_id": "", "is_clean": False}, ReasonCode.CLIENT_IDENTIFIER_NOT_VALID),
        (V5, {"client_id": "", "is_clean": False}, ReasonCode.SUCCESS),
        (V4, {"client_id": "c" * LONGEST_CLIENT_ID}, ReasonCode.SUCCESS),
        (V4, {"client_id": "c" * (LONGEST_CLIENT_ID + 1)}, ReasonCode.CLIENT_IDENTIFIER_NOT_VALID),
        (V4, {"login": None}, ReasonCode.SUCCESS),
        (V4, {"login": (ADAPTER[0], "wrong")}, ReasonCode.NOT_AUTHORIZED),
        (V5, {"login": (ADAPTER[0], "wrong")}, ReasonCode.NOT_AUTHORIZED),
        (V4, {"login": ("7", "key")}, ReasonCode.SERVER_UNAVAILABLE),
        (V5, {"login": ("7", "key")}, ReasonCode.SERVER_UNAVAILABLE),
        (V5, {"properties": {"authentication_method": "SCRAM"}}, ReasonCode.BAD_AUTHENTICATION_METHOD),
    ],
)
async def test_which_clients_are_admitted(version: Version, fields: dict[str, Any], code: ReasonCode) -> None:
    async with running_endpoint() as one:
        assert (await answer_to(one, version, **fields)).code is code


@pytest.mark.parametrize("level", [b"\0\4MQTT\6", b"\0\4MQTT\x84", b"\0\6MQIsdp\x83"])
async def test_another_version_is_answered(level: bytes) -> None:
    async with running_endpoint() as one, one.line(V4) as client:
        client.writer.write(raw.packet(raw.CONNECT, level + b"\2\0\0" + raw.text("c")))
        assert await client.receive() == Connack(ReasonCode.UNSUPPORTED_PROTOCOL_VERSION)
        assert await client.is_closed()


@pytest.mark.parametrize("version", Version)
async def test_packets_may_follow_connect_at_once(version: Version) -> None:
    async with running_endpoint() as one, one.line(version) as client:
        client.send(connect(version), Pingreq())
        assert isinstance(await client.receive(), Connack)
        assert await client.receive() == Pingresp()


@pytest.mark.parametrize(
    ("version", "first", "second", "is_resumed"),
    [
        (V3, {"is_clean": False}, {"is_clean": False}, None),
        (V4, {"is_clean": False}, {"is_clean": False}, True),
        (V4, {"is_clean": True}, {"is_clean": False}, False),
        (V4, {"is_clean": False}, {"is_clean": True}, False),
        (V5, {"properties": {"session_expiry": 60}}, {"is_clean": False}, True),
        (V5, {}, {"is_clean": False}, False),
        (V5, {"properties": {"session_expiry": 60}}, {"is_clean": True}, False),
        (V4, {"is_clean": False}, {"is_clean": False, "client_id": "other"}, False),
        (V4, {"is_clean": False, "login": None}, {"is_clean": False, "login": None}, False),
        (V4, {"is_clean": False, "login": None}, {"is_clean": False}, False),
    ],
)
async def test_a_session_outlives_its_connection(
    version: Version, first: dict[str, Any], second: dict[str, Any], is_resumed: bool | None
) -> None:
    """MQTT 3.1 has no flag for it. Nobody but its owner resumes it."""
    async with running_endpoint() as one:
        await answer_to(one, version, **first)
        assert (await answer_to(one, version, **second)).session_present is bool(is_resumed)


async def test_an_expired_session_is_not_resumed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its queued messages and subscriptions have gone as well."""
    monkeypatch.setattr(sessions_module, "LONGEST_SESSION", 0)
    async with running_endpoint() as one:
        await answer_to(one, V5, properties={"session_expiry": 60})
        assert not (await answer_to(one, V5, is_clean=False)).session_present


async def test_disconnect_changes_the_time_that_a_session_is_kept() -> None:
    async with running_endpoint() as one:
        async with one.client(properties={"session_expiry": 60}) as client:
            client.send(Disconnect(properties={"session_expiry": 0}))
            assert await client.is_closed()
        assert not (await answer_to(one, V5, is_clean=False)).session_present


async def test_disconnect_cannot_make_a_session_last() -> None:
    async with running_endpoint() as one, one.client() as client:
        answer = await client.ask(Disconnect(properties={"session_expiry": 60}))
        assert isinstance(answer, Disconnect)
        assert answer.code is ReasonCode.PROTOCOL_ERROR


@pytest.mark.parametrize("version", Version)
async def test_a_second_connection_takes_the_session_over(version: Version) -> None:
    async with running_endpoint() as one, one.client(version, is_clean=False) as first:
        assert isinstance(await first.ask(Subscribe(1, [Subscription("t", 1)])), Suback)
        async with one.client(version, is_clean=False) as second:
            if version is V5:
                end = await first.receive()
                assert isinstance(end, Disconnect)
                assert end.code is ReasonCode.SESSION_TAKEN_OVER
            assert await first.is_closed()
            if version is not V5:
                one.endpoint.publish("t", b"x")
                assert await second.receive() == Publish("t", b"x", 1, 1)
            assert await second.ask(Pingreq()) == Pingresp()


async def test_a_connection_without_a_login_takes_over_no_session() -> None:
    async with running_endpoint() as one, one.client() as client, one.client(login=None):
        assert await client.ask(Pingreq()) == Pingresp()


async def test_auth_is_an_error() -> None:
    async with running_endpoint() as one, one.client() as client:
        answer = await client.ask(Auth(ReasonCode.REAUTHENTICATE))
        assert isinstance(answer, Disconnect)
        assert answer.code is ReasonCode.PROTOCOL_ERROR


async def test_a_client_of_mqtt_5_learns_why_its_connection_ends() -> None:
    async with running_endpoint() as one, one.client() as client:
        client.writer.write(bytes([raw.PUBLISH]) + raw.size(268_435_455))
        end = await client.receive()
        assert isinstance(end, Disconnect)
        assert end.code is ReasonCode.PACKET_TOO_LARGE
        assert end.properties["reason_string"].startswith("PUBLISH of 268435455 bytes: the limit is")


async def test_the_end_of_the_endpoint_is_stated() -> None:
    async with running_endpoint() as one, one.client() as client:
        await one.stop()
        end = await client.receive()
        assert isinstance(end, Disconnect)
        assert end.code is ReasonCode.SERVER_SHUTTING_DOWN


@pytest.mark.parametrize(
    ("limit", "sent", "problem"),
    [
        ("CONNECT_SECONDS", b"", None),
        ("CONNECT_SECONDS", b"\x10", None),
        ("PACKET_SECONDS", raw.publish("t", b"x" * 10, 2, 1)[:1], ReasonCode.PROTOCOL_ERROR),
        ("PACKET_SECONDS", raw.publish("t", b"x" * 10, 2, 1)[:5], ReasonCode.PROTOCOL_ERROR),
        ("KEEPALIVES", b"", ReasonCode.KEEP_ALIVE_TIMEOUT),
    ],
)
async def test_a_client_that_is_too_slow_is_disconnected(
    monkeypatch: pytest.MonkeyPatch, limit: str, sent: bytes, problem: ReasonCode | None
) -> None:
    """problem: None before CONNECT."""
    monkeypatch.setattr(times_module if limit == "PACKET_SECONDS" else connection_module, limit, 0.05)
    monkeypatch.setattr(endpoint_module, "CHECK_SECONDS", 0.02)
    async with running_endpoint() as one, one.line() as client:
        if problem:
            await client.ask(connect(V5, keep_alive=1 if limit == "KEEPALIVES" else 0))
        client.writer.write(sent)
        if problem:
            end = await client.receive()
            assert isinstance(end, Disconnect)
            assert end.code is problem
        assert await client.is_closed()


async def test_a_client_with_a_packet_under_way_at_each_moment_is_not_too_slow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(times_module, "PACKET_SECONDS", 0.2)
    monkeypatch.setattr(endpoint_module, "CHECK_SECONDS", 0.02)
    begin, rest = raw.publish("t", b"0" * 20)[:9], raw.publish("t", b"0" * 20)[9:]
    async with running_endpoint() as one, one.client(V4) as client:
        client.writer.write(begin)
        for _ in range(12):
            assert not await client.wait_for_end(0.04)
            client.writer.write(rest + begin)
        await one.finish(12)


async def test_a_client_that_reads_nothing_is_disconnected(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its messages in flight have a limit as well."""
    monkeypatch.setattr(times_module, "SEND_SECONDS", 0.1)
    monkeypatch.setattr(endpoint_module, "CHECK_SECONDS", 0.02)
    async with running_endpoint() as one, one.client(V4, is_clean=False, will=Will("gone")) as client:
        await client.ask(Subscribe(1, [Subscription("t", 1)]))
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        for _ in range(16):
            one.endpoint.publish("t", bytes(2**20))
        assert (await one.next()).topic == "gone"


async def test_a_client_that_sends_pings_is_not_disconnected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint_module, "CHECK_SECONDS", 0.02)
    monkeypatch.setattr(connection_module, "KEEPALIVES", 0.2)
    async with (
        running_endpoint() as one,
        one.client(keep_alive=1) as client,
        one.client(client_id="d", keep_alive=1) as silent,
    ):
        while not await silent.wait_for_end(0.05):
            assert await client.ask(Pingreq()) == Pingresp()
        assert await client.ask(Pingreq()) == Pingresp()


async def test_a_port_in_use_is_an_error_of_the_system() -> None:
    async with running_endpoint() as one:
        with pytest.raises(OSError, match="in use"):
            await one.endpoint.run(one.take)


async def test_a_connection_that_its_client_has_reset_can_be_closed() -> None:
    """Before the event loop notices the reset."""
    connections = Connections(lambda: False)
    async with await asyncio.get_running_loop().create_server(
        lambda: Connection(connections, lambda *_: None), "127.0.0.1", 0
    ) as server:
        line = socket.create_connection(server.sockets[0].getsockname(), PATIENCE)
        async with asyncio.timeout(PATIENCE):
            while not list(connections):  # noqa: ASYNC110
                await asyncio.sleep(0)
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        line.close()
        for connection in connections:
            connection.close("the endpoint ends it")
        assert not list(connections)


async def test_connections_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_addresses, "MOST_CONNECTIONS", 1)
    async with running_endpoint() as one, one.client() as client, one.line() as other:
        assert await other.is_closed()
        assert await client.ask(Pingreq()) == Pingresp()
