"""An endpoint that stops acknowledges what has arrived, and sends its clients away."""

import asyncio

import pytest
import structlog

from iotflow_gateway.endpoint import draining
from iotflow_gateway.mqtt import Disconnect, Puback, Publish, ReasonCode, Version, Will
from tests.support.mqtt_endpoint import Client, RunningEndpoint, running_endpoint

V4, V5 = Version.V3_1_1, Version.V5


async def drained(one: RunningEndpoint) -> None:
    """Stop as the adapter does at SIGTERM."""
    await one.endpoint.drain()
    await one.stop()


async def end_of(client: Client) -> Disconnect:
    answer = await client.receive()
    assert isinstance(answer, Disconnect)
    return answer


async def test_messages_that_have_arrived_are_acknowledged_first() -> None:
    """Nothing more is read, and no client is accepted."""
    async with running_endpoint() as one, one.client(V5) as client:
        client.send(Publish("t", b"1", 1, 1), Publish("t", b"2", 1, 2))
        messages = [await one.next(), await one.next()]
        stopping = asyncio.create_task(drained(one))
        await asyncio.sleep(0)
        client.send(Publish("t", b"3", 1, 3))
        assert await one.is_quiet()
        with pytest.raises(ConnectionError):
            await one.line(V5).__aenter__()
        for message in messages:
            one.endpoint.finish(message)
        await stopping
        assert [await client.receive() for _ in messages] == [Puback(1), Puback(2)]
        assert (await end_of(client)).code is ReasonCode.SERVER_SHUTTING_DOWN
        assert await client.is_closed()


async def test_the_time_to_acknowledge_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draining, "DRAIN_SECONDS", 0.05)
    async with running_endpoint() as one, one.client(V5) as client:
        client.send(Publish("t", b"1", 1, 1))
        await one.next()
        with structlog.testing.capture_logs() as lines:
            await drained(one)
        assert [(line["event"], line["messages"]) for line in lines if "messages" in line] == [("drain_incomplete", 1)]
        assert (await end_of(client)).code is ReasonCode.SERVER_SHUTTING_DOWN


async def test_clients_are_given_another_endpoint() -> None:
    """MQTT 3.1.1 has no packet for it."""
    reference = "mqtt2.example.com:8883"
    async with (
        running_endpoint(server_reference=reference) as one,
        one.client(V5, "five") as five,
        one.client(V4, "four") as four,
    ):
        await drained(one)
        end = await end_of(five)
        assert (end.code, end.properties["server_reference"]) == (ReasonCode.USE_ANOTHER_SERVER, reference)
        assert await four.is_closed()


async def test_no_last_will_is_published() -> None:
    """The clients connect elsewhere, or again."""
    async with running_endpoint() as one, one.client(V5, will=Will("t", b"gone")) as client:
        await drained(one)
        await end_of(client)
        assert await one.is_quiet()
