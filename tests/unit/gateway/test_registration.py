"""The number of registrations that wait for the server is bounded."""

import asyncio
import json

from iotflow.channels import open_channel
from iotflow_gateway.devices.registration import MOST, MqttRegistrationHandler
from iotflow_gateway.pipeline.message import Message
from iotflow_gateway.topics import Topics


async def test_further_registrations_are_rejected_as_retryable() -> None:
    topics, answers, finished = Topics("iotflow"), dict[str, bytes](), list[Message]()
    # A server that accepts connections and answers nothing.
    async with await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0) as silent:
        channel = open_channel(f"127.0.0.1:{silent.sockets[0].getsockname()[1]}")
        registrations = MqttRegistrationHandler(
            channel, topics, lambda topic, payload: answers.setdefault(topic, payload) is payload, finished.append
        )
        messages = [registration(topics, number) for number in range(MOST + 1)]
        for message in messages:
            registrations.handle(message, 0, {})
        await registrations.close()
        await channel.close()
    # The registrations in progress stay with the broker.
    assert finished == messages[MOST:]
    (answer,) = map(json.loads, answers.values())
    assert list(answers) == [topics.response(f"newcomer-{MOST}")]
    assert (answer["reason"], answer["retryable"]) == ("TOO_MANY_REGISTRATIONS", True)


def registration(topics: Topics, number: int) -> Message:
    topic = f"iotflow/discovery/register/newcomer-{number}"
    return Message(topic, topics.parse(topic), b"", number, 1)
