"""The last will is published when a connection ends without DISCONNECT, now or after its delay."""

from typing import Any

import pytest

from iotflow_gateway.endpoint import endpoint as endpoint_module
from iotflow_gateway.mqtt import Disconnect, Puback, Publish, ReasonCode, Suback, Subscribe, Subscription, Version, Will
from tests.support import raw_mqtt as raw
from tests.support.mqtt_endpoint import Client, RunningEndpoint, running_endpoint

TOPIC = "p/devices/7/status/offline"
V4, V5 = Version.V3_1_1, Version.V5
LASTING = {"session_expiry": 60}


def will(**properties: Any) -> Will:
    """A will with these properties."""
    return Will(TOPIC, b"gone", 1, properties=properties)  # type: ignore[arg-type]


async def has_will(one: RunningEndpoint, client: Client) -> bool:
    """Whether the end of the connection publishes the will at once."""
    assert await client.is_closed()
    return not await one.is_quiet()


ENDS: dict[str, tuple[bytes, bool]] = {
    "DISCONNECT": (Disconnect().encode(V5), False),
    "DISCONNECT with the will": (Disconnect(ReasonCode.DISCONNECT_WITH_WILL).encode(V5), True),
    "DISCONNECT with an error": (Disconnect(ReasonCode.UNSPECIFIED_ERROR).encode(V5), True),
    "a malformed packet": (b"\0\0", True),
    "a topic that is not allowed": (raw.publish("t/#", b"\0"), True),
}


@pytest.mark.parametrize("name", ENDS)
async def test_ends_of_a_connection(name: str) -> None:
    last, is_published = ENDS[name]
    async with running_endpoint() as one, one.client(will=will()) as client:
        client.writer.write(last)
        if not name.startswith("DISCONNECT"):
            assert isinstance(await client.receive(), Disconnect)
        assert await has_will(one, client) is is_published


@pytest.mark.parametrize("version", Version)
async def test_a_connection_that_breaks(version: Version) -> None:
    async with running_endpoint() as one:
        async with one.client(version, will=will()):
            pass
        message = await one.next()
        assert (message.topic, message.payload, message.qos) == (TOPIC, b"gone", 1)
        # No client waits for its acknowledgement.
        one.endpoint.finish(message)
        assert one.endpoint.waiting == 0


async def test_a_delayed_will_is_not_published_if_the_client_returns() -> None:
    async with running_endpoint() as one:
        async with one.client(will=will(will_delay=60), properties=LASTING):
            pass
        async with one.client(is_clean=False, properties=LASTING) as client:
            assert await one.is_quiet()
            client.send(Disconnect())
            assert not await has_will(one, client)


async def test_a_delayed_will_is_published_when_the_session_ends() -> None:
    """A client that starts a new session ends the one before."""
    async with running_endpoint() as one:
        async with one.client(will=will(will_delay=60), properties=LASTING):
            pass
        async with one.client(is_clean=True):
            assert (await one.next()).payload == b"gone"


async def test_a_will_is_delayed_no_longer_than_its_session_lasts() -> None:
    async with running_endpoint() as one:
        async with one.client(will=will(will_delay=60)):
            pass
        assert (await one.next()).payload == b"gone"


async def test_a_will_is_published_after_its_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint_module, "CHECK_SECONDS", 0.02)
    async with running_endpoint() as one:
        async with one.client(will=will(will_delay=1), properties=LASTING):
            pass
        assert await one.is_quiet()
        assert (await one.next()).payload == b"gone"


async def test_the_will_of_a_connection_that_is_taken_over() -> None:
    async with running_endpoint() as one, one.client(V4, will=will()), one.client(V4, will=will()):
        assert (await one.next()).payload == b"gone"
        assert await one.is_quiet()


async def test_a_will_reaches_subscribers_and_is_retained() -> None:
    async with running_endpoint() as one, one.client(client_id="other") as other:
        assert isinstance(await other.ask(Subscribe(1, [Subscription(TOPIC, 1)])), Suback)
        async with one.client(will=Will(TOPIC, b"gone", 1, is_retained=True, properties={"content_type": "text"})):
            pass
        assert await other.receive() == Publish(TOPIC, b"gone", 1, 1, properties={"content_type": "text"})
        other.send(Puback(1))
        assert isinstance(await other.ask(Subscribe(2, [Subscription(TOPIC, 0)])), Suback)
        received = await other.receive()
        assert isinstance(received, Publish)
        assert received.is_retained


async def test_a_client_without_a_login_has_the_will_of_its_device_or_none() -> None:
    async with running_endpoint() as one:
        async with one.client(login=None, will=Will("p/fleet/commands/all", b"gone")):
            pass
        assert await one.is_quiet()
        async with one.client(login=None, will=will()):
            pass
        message = await one.next()
        assert message.address.keyed
        assert message.connection_key
