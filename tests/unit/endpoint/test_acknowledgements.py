"""A message is acknowledged when its processing is complete, in the order of arrival; with MQTT 5 the client learns of a rejection."""

from typing import Any

import pytest

from iotflow_gateway.mqtt import (
    Disconnect,
    Puback,
    Pubcomp,
    Publish,
    Pubrec,
    Pubrel,
    ReasonCode,
    Version,
)
from iotflow_gateway.pipeline.message import Message, Rejected
from tests.support.mqtt_endpoint import running_endpoint

TOPIC = "p/devices/7/telemetry"
V4, V5 = Version.V3_1_1, Version.V5
FIRST, AGAIN = Publish(TOPIC, b"1", 2, 7), Publish(TOPIC, b"1", 2, 7, is_dup=True)


def numbered(*packet_ids: int, qos: int = 1) -> list[Publish]:
    """Messages with these identifiers."""
    return [Publish(TOPIC, b"{}", qos, packet_id) for packet_id in packet_ids]


@pytest.mark.parametrize("version", Version)
async def test_in_the_order_of_arrival(version: Version) -> None:
    async with running_endpoint() as one, one.client(version) as client:
        client.send(*numbered(3, 1), *numbered(2, qos=2))
        first, second, third = [await one.next() for _ in range(3)]
        for message in (third, second):
            one.endpoint.finish(message)
        assert await one.is_quiet()
        assert client.packets == []
        one.endpoint.finish(first)
        assert [await client.receive() for _ in range(3)] == [Puback(3), Puback(1), Pubrec(2)]
        assert await client.ask(Pubrel(2)) == Pubcomp(2)


async def test_of_qos_0_there_is_none() -> None:
    async with running_endpoint() as one, one.client() as client:
        client.send(Publish(TOPIC, b"0"), *numbered(1))
        await one.finish(2)
        assert await client.receive() == Puback(1)


REJECTIONS = {
    "NOT_YOUR_TOPIC": ReasonCode.NOT_AUTHORIZED,
    "UNKNOWN_TOPIC": ReasonCode.TOPIC_NAME_INVALID,
    "INVALID_PAYLOAD": ReasonCode.PAYLOAD_FORMAT_INVALID,
    "TOO_LARGE": ReasonCode.QUOTA_EXCEEDED,
    "INTERNAL": ReasonCode.UNSPECIFIED_ERROR,
    "TYPE_CONFLICT": ReasonCode.IMPLEMENTATION_SPECIFIC_ERROR,
}


@pytest.mark.parametrize(("reason", "code"), REJECTIONS.items())
async def test_a_rejection_has_a_reason_code_and_an_explanation(reason: str, code: ReasonCode) -> None:
    async with running_endpoint() as one, one.client() as client:
        client.send(*numbered(1))
        message = await one.next()
        message.rejected = Rejected(reason, "Why.\0", field="data.t", index=3)
        one.endpoint.finish(message)
        facts = [("reason", reason), ("retryable", "false"), ("field", "[3].data.t")]
        explanation = {"reason_string": "Why. ", "user_properties": facts}
        assert await client.receive() == Puback(1, code, explanation)  # type: ignore[arg-type]


async def test_a_client_that_wants_no_explanation_gets_the_code_only() -> None:
    async with running_endpoint() as one, one.client(properties={"request_problem_information": 0}) as client:
        client.send(*numbered(1))
        message = await one.next()
        message.rejected = Rejected("INVALID_PAYLOAD", "Why.")
        one.endpoint.finish(message)
        assert await client.receive() == Puback(1, ReasonCode.PAYLOAD_FORMAT_INVALID)


async def test_a_message_of_which_a_part_is_stored_is_a_success_that_explains_the_rest() -> None:
    async with running_endpoint() as one, one.client() as client:
        client.send(*numbered(1))
        message = await one.next()
        message.rejected = Rejected("TYPE_CONFLICT", "Why.")
        message.stored_values = 2
        one.endpoint.finish(message)
        answer = await client.receive()
        assert isinstance(answer, Puback)
        assert (answer.code, answer.properties["reason_string"]) == (ReasonCode.SUCCESS, "Why.")


async def test_earlier_versions_have_no_answer_for_a_rejection() -> None:
    async with running_endpoint() as one, one.client(V4) as client:
        client.send(*numbered(1))
        message = await one.next()
        message.rejected = Rejected("INVALID_PAYLOAD", "Why.")
        one.endpoint.finish(message)
        assert await client.receive() == Puback(1)


@pytest.mark.parametrize(
    ("packets", "payloads"),
    [
        ([FIRST, AGAIN, AGAIN], [b"1"]),
        ([AGAIN, AGAIN], [b"1"]),
        ([FIRST, Pubrel(7), AGAIN], [b"1", b"1"]),
        ([FIRST, Pubrel(8), AGAIN], [b"1"]),
        ([FIRST, Publish(TOPIC, b"2", 2, 7, is_dup=True)], [b"1", b"2"]),
        ([FIRST, FIRST], [b"1", b"1"]),
        ([FIRST, Publish(TOPIC, b"1", 2, 8, is_dup=True)], [b"1", b"1"]),
    ],
    ids=["repeated", "first lost", "released", "another released", "another message", "without DUP", "another id"],
)
@pytest.mark.parametrize("is_finished_at_once", [True, False])
async def test_a_message_of_qos_2_is_processed_once_until_it_is_released(
    packets: list[Publish | Pubrel], payloads: list[bytes], is_finished_at_once: bool
) -> None:
    """Each PUBLISH is answered, and a repetition when the first one is complete."""
    async with running_endpoint() as one, one.client(V4) as client:
        messages, received = list[Message](), list[bytes]()
        for packet in packets:
            client.send(packet)
            if is_finished_at_once and not await one.is_quiet():
                messages.append(await one.next())
                received.append(messages[-1].payload)
                one.endpoint.finish(messages[-1])
        client.send(*numbered(99))
        if not is_finished_at_once:
            messages += [await one.next() for _ in payloads]
            received += [message.payload for message in messages]
            for message in reversed(messages):
                one.endpoint.finish(message)
        await one.finish()
        assert received == payloads
        answers = [await client.receive() for _ in [*packets, None]]
        assert sum(isinstance(answer, Pubrec) for answer in answers) == sum(isinstance(one, Publish) for one in packets)
        assert Puback(99) in answers


@pytest.mark.parametrize("version", Version)
@pytest.mark.parametrize("qos", [1, 2])
@pytest.mark.parametrize("is_finished_meanwhile", [True, False])
async def test_a_message_that_is_repeated_on_a_new_connection(
    version: Version, qos: int, is_finished_meanwhile: bool
) -> None:
    """The session knows it, and the answer comes when the first one is complete."""
    lasting: dict[str, Any] = {"is_clean": False}
    if version is V5:
        lasting["properties"] = {"session_expiry": 60}
    async with running_endpoint() as one:
        async with one.client(version, **lasting) as client:
            client.send(Publish(TOPIC, b"1", qos, 7))
            first = await one.next()
        async with one.client(version, **lasting) as client:
            if is_finished_meanwhile:
                one.endpoint.finish(first)
            client.send(Publish(TOPIC, b"1", qos, 7, is_dup=True))
            assert await one.is_quiet()
            if not is_finished_meanwhile:
                one.endpoint.finish(first)
            assert await client.receive() == (Puback(7) if qos == 1 else Pubrec(7))
            if qos == 2:
                assert await client.ask(Pubrel(7)) == Pubcomp(7)
            # Once it is answered, the identifier is that of a new message.
            client.send(Publish(TOPIC, b"1", qos, 7, is_dup=True))
            assert (await one.next()).payload == b"1"


async def test_a_message_that_is_complete_uses_no_memory_until_it_is_released() -> None:
    async with running_endpoint() as one, one.client(V4) as client:
        client.send(FIRST)
        (message,) = await one.finish()
        assert message.payload == b""
        assert await client.receive() == Pubrec(7)


async def test_the_session_of_a_connection_that_lasts_no_longer_knows_no_message_of_qos_1() -> None:
    async with running_endpoint() as one:
        async with one.client(V4) as client:
            client.send(*numbered(7))
            await one.next()
        async with one.client(V4) as client:
            client.send(Publish(TOPIC, b"{}", 1, 7, is_dup=True))
            assert (await one.next()).payload == b"{}"


async def test_a_session_knows_the_last_1_000_messages_of_qos_1() -> None:
    async with running_endpoint(window=5_000) as one:
        for begin in (1, 501, 1_001):
            async with one.client(V4, is_clean=False) as client:
                client.send(*numbered(*range(begin, begin + 500)))
                for _ in range(500):
                    await one.next()
        async with one.client(V4, is_clean=False) as client:
            client.send(Publish(TOPIC, b"{}", 1, 501, is_dup=True))
            assert await one.is_quiet()
            client.send(Publish(TOPIC, b"{}", 1, 500, is_dup=True))
            assert (await one.next()).mid == 500


async def test_a_rejected_message_of_qos_2_needs_no_release() -> None:
    async with running_endpoint() as one, one.client() as client:
        client.send(FIRST)
        message = await one.next()
        message.rejected = Rejected("INVALID_PAYLOAD", "Why.")
        one.endpoint.finish(message)
        answer = await client.receive()
        assert isinstance(answer, Pubrec)
        assert answer.code is ReasonCode.PAYLOAD_FORMAT_INVALID
        assert await client.ask(Pubrel(7)) == Pubcomp(7, ReasonCode.PACKET_IDENTIFIER_NOT_FOUND)


@pytest.mark.parametrize("qos", [1, 2])
async def test_more_messages_than_the_receive_maximum(qos: int) -> None:
    """The endpoint states 1,000 in CONNACK."""
    async with running_endpoint(window=2_000) as one, one.client() as client:
        client.send(*numbered(*range(1, 1_001), qos=qos))
        assert isinstance(await one.next(), Message)
        client.send(*numbered(1_001, qos=qos))
        answer = await client.receive()
        assert isinstance(answer, Disconnect)
        assert answer.code is ReasonCode.RECEIVE_MAXIMUM_EXCEEDED
        assert await client.is_closed()


async def test_unreleased_messages_of_qos_2_have_a_limit_before_mqtt_5() -> None:
    async with running_endpoint(window=2_000) as one, one.client(V4) as client:
        client.send(*numbered(*range(1, 1_001), qos=2))
        await one.finish(1_000)
        for _ in range(1_000):
            assert isinstance(await client.receive(), Pubrec)
        client.send(*numbered(1_001, qos=2))
        assert await client.is_closed()


async def test_a_window_of_1_000_messages_of_a_connection_before_mqtt_5() -> None:
    """Further ones are read when some are acknowledged."""
    async with running_endpoint(window=5_000) as one, one.client(V4) as client:
        client.send(*numbered(*range(1, 1_003)))
        messages = [await one.next() for _ in range(1_000)]
        assert await one.is_quiet()
        one.endpoint.finish(messages[0])
        messages.append(await one.next())
        assert await one.is_quiet()
        for message in messages[1:]:
            one.endpoint.finish(message)
        await one.finish()
        assert [await client.receive() for _ in range(1_002)] == [Puback(number) for number in range(1, 1_003)]


@pytest.mark.parametrize("window", [1, 2])
async def test_nothing_is_read_beyond_the_window_of_all_connections(window: int) -> None:
    async with running_endpoint(window) as one, one.client() as client, one.client(client_id="other") as other:
        client.send(*numbered(1, 2, 3))
        messages = [await one.next() for _ in range(window)]
        other.send(*numbered(9))
        assert await one.is_quiet()
        assert one.endpoint.waiting == window
        for _ in range(4 - window):
            one.endpoint.finish(messages.pop(0))
            messages.append(await one.next())
            assert await one.is_quiet()
        for message in messages:
            one.endpoint.finish(message)
        assert [await client.receive() for _ in range(3)] == [Puback(number) for number in (1, 2, 3)]
        assert await other.receive() == Puback(9)
        assert one.endpoint.waiting == 0
