"""What a client receives: its subscriptions with their options, messages in flight and queued ones, retained messages."""

import asyncio
from typing import Any

import pytest

from iotflow_gateway.broker import BrokerDelivery
from iotflow_gateway.endpoint import fanout as fanout_module
from iotflow_gateway.endpoint import outbound as outbound_module
from iotflow_gateway.endpoint import retained as retained_module
from iotflow_gateway.endpoint.publication import Publication
from iotflow_gateway.endpoint.retained import Retained
from iotflow_gateway.mqtt import (
    Disconnect,
    Pingreq,
    Pingresp,
    Puback,
    Pubcomp,
    Publish,
    Pubrec,
    Pubrel,
    ReasonCode,
    Suback,
    Subscribe,
    Subscription,
    Unsuback,
    Unsubscribe,
    Version,
)
from iotflow_gateway.mqtt.subscribe import DO_NOT_SEND_RETAINED, SEND_RETAINED_IF_NEW
from tests.support.mqtt_endpoint import Client, RunningEndpoint, running_endpoint

V4, V5 = Version.V3_1_1, Version.V5
DEVICE = 7
LASTING: dict[str, Any] = {"properties": {"session_expiry": 60}, "is_clean": False}


async def subscribed(client: Client, *subscriptions: Subscription, **properties: Any) -> list[ReasonCode]:
    """The answer to SUBSCRIBE."""
    answer = await client.ask(Subscribe(1, subscriptions, properties))  # type: ignore[arg-type]
    assert isinstance(answer, Suback)
    return list(answer.codes)


async def published(client: Client, one: RunningEndpoint, topic: str, payload: bytes = b"x", **more: Any) -> None:
    """Publish with QoS 1; the message is acknowledged."""
    client.send(Publish(topic, payload, 1, 500, **more))
    await one.finish()


async def test_qos_is_the_lower_one_of_message_and_subscription() -> None:
    async with running_endpoint() as one, one.client(V4) as client, one.client(V4, "sender") as sender:
        granted = await subscribed(client, *(Subscription(f"t{qos}", qos) for qos in range(3)))
        assert granted == [0, 1, 2]
        for qos in range(3):
            for wanted in range(3):
                sender.send(Publish(f"t{wanted}", b"x", qos, 9 if qos else 0))
                await one.finish()
                received = await client.receive()
                assert isinstance(received, Publish)
                assert received.qos == min(qos, wanted)
                if qos == 2:
                    assert await sender.receive() == Pubrec(9)
                    assert await sender.ask(Pubrel(9)) == Pubcomp(9)
                elif qos:
                    assert await sender.receive() == Puback(9)


async def test_a_message_of_qos_2_to_a_client() -> None:
    """Each step is repeated on the next connection, until the client has confirmed it."""
    async with running_endpoint() as one, one.client(client_id="sender") as sender:
        async with one.client(**LASTING) as client:
            await subscribed(client, Subscription("t", 2))
            sender.send(Publish("t", b"1", 2, 1), Publish("t", b"2", 2, 2))
            await one.finish(2)
            assert await client.receive() == Publish("t", b"1", 2, 1)
            assert await client.receive() == Publish("t", b"2", 2, 2)
            assert await client.ask(Pubrec(1)) == Pubrel(1)
        async with one.client(**LASTING) as client:
            assert await client.receive() == Pubrel(1)
            assert await client.receive() == Publish("t", b"2", 2, 2, is_dup=True)
            client.send(Pubcomp(1), Pubrec(2, ReasonCode.QUOTA_EXCEEDED))
            assert await client.ask(Pingreq()) == Pingresp()
        async with one.client(**LASTING) as client:
            assert await client.ask(Pingreq()) == Pingresp()


async def test_a_message_arrives_once_whatever_subscriptions_match() -> None:
    async with running_endpoint() as one, one.client() as client, one.client(client_id="sender") as sender:
        await subscribed(client, Subscription("a/#", 0), subscription_identifiers=[1])
        await subscribed(client, Subscription("a/+", 1), subscription_identifiers=[2])
        await subscribed(client, Subscription("other", 1), subscription_identifiers=[3])
        await published(sender, one, "a/b")
        received = await client.receive()
        assert isinstance(received, Publish)
        assert (received.qos, sorted(received.properties["subscription_identifiers"])) == (1, [1, 2])
        assert await client.ask(Pingreq()) == Pingresp()


async def test_properties_of_a_message_reach_its_subscribers() -> None:
    """All but the topic alias; the time until it expires is what is left of it."""
    own = {"content_type": "text", "correlation_data": b"1", "response_topic": "r", "user_properties": [("a", "b")]}
    async with running_endpoint() as one, one.client() as client, one.client(client_id="sender") as sender:
        await subscribed(client, Subscription("t", 1))
        await published(sender, one, "t", properties={**own, "topic_alias": 1, "message_expiry": 60})
        received = await client.receive()
        assert isinstance(received, Publish)
        assert received.properties == own | {"message_expiry": 60}
        assert (await client.ask(Pingreq())) == Pingresp()


async def test_no_local_and_retain_as_published() -> None:
    async with running_endpoint() as one, one.client() as client, one.client(client_id="other") as other:
        await subscribed(client, Subscription("t", 1, no_local=True))
        await subscribed(other, Subscription("t", 1, retain_as_published=True))
        await published(client, one, "t", is_retained=True)
        received = await other.receive()
        assert isinstance(received, Publish)
        assert received.is_retained
        assert isinstance(await client.receive(), Puback)
        assert await client.ask(Pingreq()) == Pingresp()


@pytest.mark.parametrize(
    ("handling", "received"),
    [(0, [True, True]), (SEND_RETAINED_IF_NEW, [True, False]), (DO_NOT_SEND_RETAINED, [False, False])],
)
async def test_retained_messages_are_sent_as_the_subscription_asks(handling: int, received: list[bool]) -> None:
    async with running_endpoint() as one, one.client() as client:
        await published(client, one, "t", b"kept", is_retained=True)
        assert isinstance(await client.receive(), Puback)
        for is_sent in received:
            await subscribed(client, Subscription("t", 0, retain_handling=handling))
            if is_sent:
                assert await client.receive() == Publish("t", b"kept", is_retained=True)
            assert await client.ask(Pingreq()) == Pingresp()


@pytest.mark.parametrize("qos", [0, 1, 2])
async def test_a_retained_message_has_the_qos_with_which_it_was_published(qos: int) -> None:
    async with running_endpoint() as one, one.client() as client, one.client(client_id="sender") as sender:
        sender.send(Publish("t", b"kept", qos, 9 if qos else 0, is_retained=True))
        await one.finish()
        await subscribed(client, Subscription("t", 2))
        assert await client.receive() == Publish("t", b"kept", qos, 1 if qos else 0, is_retained=True)


async def test_a_retained_message_expires() -> None:
    async with running_endpoint() as one, one.client() as client:
        await published(client, one, "t", b"kept", is_retained=True, properties={"message_expiry": 0})
        assert isinstance(await client.receive(), Puback)
        await subscribed(client, Subscription("t", 0))
        assert await client.ask(Pingreq()) == Pingresp()


async def test_what_cannot_be_subscribed() -> None:
    async with running_endpoint() as one, one.client(login=None) as client, one.client(V4, "other", None) as earlier:
        assert await subscribed(client, Subscription("t"), Subscription("$share/g/t")) == [
            ReasonCode.NOT_AUTHORIZED,
            ReasonCode.SHARED_SUBSCRIPTIONS_NOT_SUPPORTED,
        ]
        assert await subscribed(earlier, Subscription("t")) == [ReasonCode.UNSPECIFIED_ERROR]


async def test_a_session_has_50_filters() -> None:
    async with running_endpoint() as one, one.client() as client:
        filters = [Subscription(f"t/{number}") for number in range(51)]
        assert await subscribed(client, *filters, Subscription("x" * 1_001)) == [0] * 50 + [0x97] * 2
        assert await client.ask(Unsubscribe(2, ["t/1", "t/none"])) == Unsuback(2, [ReasonCode(0), ReasonCode(0x11)])
        assert await subscribed(client, Subscription("x" * 1_000), Subscription("t/2", 1)) == [0, 1]


async def test_a_packet_has_100_filters() -> None:
    async with running_endpoint() as one, one.client() as client:
        end = await client.ask(Subscribe(1, [Subscription("t")] * 101))
        assert isinstance(end, Disconnect)
        assert end.code is ReasonCode.QUOTA_EXCEEDED


async def test_unsubscribed_topics_are_not_received() -> None:
    async with running_endpoint() as one, one.client(V4) as client:
        await subscribed(client, Subscription("t", 1))
        assert await client.ask(Unsubscribe(2, ["t"])) == Unsuback(2)
        assert await one.endpoint.deliver("t", b"x") is BrokerDelivery.NO_SUBSCRIBER


@pytest.mark.parametrize("version", Version)
async def test_messages_without_an_acknowledgement_are_sent_again(version: Version) -> None:
    """With the same identifiers, in order, and before new ones."""
    kept = LASTING if version is V5 else {"is_clean": False}
    async with running_endpoint() as one:
        async with one.client(version, **kept) as client:
            await subscribed(client, Subscription("t", 1))
            for payload in (b"1", b"2", b"3"):
                assert one.endpoint.publish("t", payload)
            received = [await client.receive() for _ in range(3)]
            client.send(Puback(2))
            assert await client.ask(Pingreq()) == Pingresp()
        while await one.endpoint.deliver("t", b"away") is not BrokerDelivery.NO_SUBSCRIBER:
            pass
        assert one.endpoint.publish("t", b"4")
        async with one.client(version, **kept) as client:
            again = [await client.receive() for _ in range(3)]
        assert received == [Publish("t", b"%d" % number, 1, number) for number in (1, 2, 3)]
        assert again == [
            Publish("t", b"1", 1, 1, is_dup=True),
            Publish("t", b"3", 1, 3, is_dup=True),
            Publish("t", b"4", 1, again[2].packet_id),  # type: ignore[union-attr]
        ]


async def test_no_more_than_the_receive_maximum_of_the_client() -> None:
    async with running_endpoint() as one, one.client(properties={"receive_maximum": 2}) as client:
        await subscribed(client, Subscription("t", 1))
        for payload in (b"1", b"2", b"3", b"4"):
            assert one.endpoint.publish("t", payload)
        first, second = await client.receive(), await client.receive()
        assert [first, second] == [Publish("t", b"1", 1, 1), Publish("t", b"2", 1, 2)]
        assert await client.ask(Pingreq()) == Pingresp()
        assert await client.ask(Puback(2)) == Publish("t", b"3", 1, 3)
        assert await client.ask(Puback(1)) == Publish("t", b"4", 1, 4)


async def test_no_packet_above_the_size_that_the_client_accepts() -> None:
    """It is dropped, and others arrive."""
    async with running_endpoint() as one, one.client(properties={"maximum_packet_size": 20}) as client:
        await subscribed(client, Subscription("t", 1))
        assert await one.endpoint.deliver("t", bytes(20)) is BrokerDelivery.NO_SUBSCRIBER
        assert one.endpoint.publish("t", b"small")
        received = await client.receive()
        assert isinstance(received, Publish)
        assert received.payload == b"small"


async def test_a_delivery_is_received_when_a_client_acknowledges_it() -> None:
    async with running_endpoint() as one, one.client(V4) as client:
        assert await one.endpoint.deliver("t", b"x") is BrokerDelivery.NO_SUBSCRIBER
        await subscribed(client, Subscription("t", 1))
        delivery = asyncio.create_task(one.endpoint.deliver("t", b"x", retain=True))
        assert await client.receive() == Publish("t", b"x", 1, 1)
        assert not delivery.done()
        client.send(Puback(1))
        assert await delivery is BrokerDelivery.RECEIVED
        assert await subscribed(client, Subscription("t", 0)) == [0]
        assert await client.receive() == Publish("t", b"x", is_retained=True)
        assert await one.endpoint.deliver("t", b"y", device_id=DEVICE) is BrokerDelivery.NO_SUBSCRIBER
        assert await one.endpoint.deliver("t", b"z") is BrokerDelivery.RECEIVED
        assert await client.receive() == Publish("t", b"z")


async def test_a_delivery_ends_with_the_connection_and_is_not_sent_again() -> None:
    """The server offers a command again."""
    async with running_endpoint() as one:
        async with one.client(**LASTING) as client:
            await subscribed(client, Subscription("t", 1))
            delivery = asyncio.create_task(one.endpoint.deliver("t", b"x", expiry=60))
            received = await client.receive()
            assert isinstance(received, Publish)
            assert received.properties == {"message_expiry": 60}
        assert await delivery is BrokerDelivery.NO_SUBSCRIBER
        async with one.client(**LASTING) as client:
            assert await client.ask(Pingreq()) == Pingresp()


async def test_a_delivery_without_an_acknowledgement_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fanout_module, "ACKNOWLEDGE_SECONDS", 0.05)
    async with running_endpoint() as one, one.client() as client:
        await subscribed(client, Subscription("t", 1))
        assert await one.endpoint.deliver("t", b"x") is BrokerDelivery.NO_SUBSCRIBER
        assert one.endpoint.publish("t", b"next")


async def test_an_endpoint_that_does_not_run_delivers_nothing() -> None:
    async with running_endpoint() as one:
        await one.stop()
        assert await one.endpoint.deliver("t", b"x") is BrokerDelivery.NO_SUBSCRIBER
        assert one.endpoint.session_present


async def test_pubrec_of_an_unknown_message() -> None:
    async with running_endpoint() as one, one.client() as client:
        assert await client.ask(Pubrec(5)) == Pubrel(5, ReasonCode.PACKET_IDENTIFIER_NOT_FOUND)


@pytest.mark.parametrize(
    ("sizes", "queued"), [([5, 5], [5, 5]), ([5, 6], [5]), ([1, 1, 1], [1, 1]), ([9], [9]), ([10], [])]
)
async def test_messages_are_queued_for_an_absent_client_up_to_its_limits(
    monkeypatch: pytest.MonkeyPatch, sizes: list[int], queued: list[int]
) -> None:
    """A topic of one character counts as well."""
    monkeypatch.setattr(outbound_module, "MOST_QUEUED", 2)
    monkeypatch.setattr(outbound_module, "MOST_QUEUED_BYTES", 12 if len(sizes) > 1 else 10)
    async with running_endpoint() as one:
        async with one.client(**LASTING) as client:
            await subscribed(client, Subscription("t", 1), Subscription("u", 0))
            client.send(Disconnect())
            assert await client.is_closed()
        for size in sizes:
            one.endpoint.publish("t", bytes(size))
        one.endpoint.publish("u", b"of QoS 0")
        async with one.client(**LASTING) as client:
            received = [await client.receive() for _ in queued]
            assert [len(packet.payload) for packet in received if isinstance(packet, Publish)] == queued
            assert await client.ask(Pingreq()) == Pingresp()


@pytest.mark.parametrize(("most", "sent"), [(1, 1), (2, 2), (3, 3)])
async def test_messages_in_flight_have_a_limit(monkeypatch: pytest.MonkeyPatch, most: int, sent: int) -> None:
    monkeypatch.setattr(outbound_module, "MOST_IN_FLIGHT", most)
    async with running_endpoint() as one, one.client() as client:
        await subscribed(client, Subscription("t", 1))
        assert [one.endpoint.publish("t", b"x") for _ in range(most + 1)] == [True] * sent + [False]
        for _ in range(most):
            received = await client.receive()
            assert isinstance(received, Publish)
            client.send(Puback(received.packet_id))
        assert await client.ask(Pingreq()) == Pingresp()
        assert one.endpoint.publish("t", b"again")


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
def test_a_device_retains_messages_up_to_its_limits(
    monkeypatch: pytest.MonkeyPatch, messages: list[tuple[str, int]], kept: dict[str, int]
) -> None:
    monkeypatch.setattr(retained_module, "MOST_RETAINED", 2)
    monkeypatch.setattr(retained_module, "MOST_RETAINED_BYTES", 10)
    retained = Retained()
    for topic, size in messages:
        retained.put_bounded(DEVICE, Publication(topic, bytes(size)))
    assert {one.topic: len(one.payload) for one in retained.of(DEVICE)} == kept
    assert list(retained.of(DEVICE + 1)) == []
    retained.remove(DEVICE)
    assert list(retained.of(DEVICE)) == []


ALIASED = [
    ([("t", 1), ("", 1)], ["t", "t"]),
    ([("t", 1), ("u", 1), ("", 1)], ["t", "u", "u"]),
    ([("t", 16), ("u", 2), ("", 16)], ["t", "u", "t"]),
]


@pytest.mark.parametrize(("sent", "topics"), ALIASED)
async def test_topic_aliases(sent: list[tuple[str, int]], topics: list[str]) -> None:
    async with running_endpoint() as one, one.client() as client:
        client.send(*(Publish(topic, b"x", properties={"topic_alias": alias}) for topic, alias in sent))
        assert [message.topic for message in await one.finish(len(sent))] == topics


@pytest.mark.parametrize(
    ("publish", "code"),
    [
        (Publish("", properties={"topic_alias": 1}), ReasonCode.PROTOCOL_ERROR),
        (Publish("t", properties={"topic_alias": 17}), ReasonCode.TOPIC_ALIAS_INVALID),
        (Publish("t" * 1_001, properties={"topic_alias": 1}), ReasonCode.TOPIC_ALIAS_INVALID),
        (Publish("t", properties={"subscription_identifiers": [1]}), ReasonCode.PROTOCOL_ERROR),
    ],
)
async def test_a_message_that_a_client_may_not_send(publish: Publish, code: ReasonCode) -> None:
    async with running_endpoint() as one, one.client() as client:
        end = await client.ask(publish)
        assert isinstance(end, Disconnect)
        assert end.code is code
