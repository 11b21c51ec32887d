"""A peer that is no service of the contract ends the connection of a device, and nothing else."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any
from unittest.mock import create_autospec

import pytest

from iotflow_simulators.doors import mqtt_packets as mqtt
from iotflow_simulators.doors.door_address import DoorAddress
from iotflow_simulators.doors.http_answers import LARGEST
from iotflow_simulators.doors.key_calls import KeyCalls, KeyNotAccepted
from iotflow_simulators.doors.link import DoorWay, Link, Listener, Login, Outgoing
from iotflow_simulators.doors.mqtt import MqttDoor
from iotflow_simulators.doors.mqtt_packets import V311, PacketReader
from iotflow_simulators.doors.rest import RestDoor
from iotflow_simulators.doors.rest_key_calls import RestKeyCalls

PATIENCE = 15.0
LOGIN = Login(7, "pump", "key")
READINGS = [Outgoing(number, 0.0, 1_700_000_000_000, {}, b'{"t":1}') for number in (1, 2)]
CONNECT, SUBSCRIBE = 1, 8
ACCEPTED, SUBSCRIBED = b"\x20\x02\x00\x00", b"\x90\x03\x00\x01\x01"

Answers = Callable[[bytes], bytes]


@asynccontextmanager
async def peer(answers: Callable[[], Answers]) -> AsyncIterator[DoorAddress]:
    """A server. answers: makes the function of a connection that answers its bytes. The block fails where the loop had to report
    an exception, as it does with a traceback."""
    problems: list[Mapping[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: problems.append(context))
    running: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answer = answers()
        with suppress(ConnectionError):
            while data := await reader.read(2**16):
                writer.write(answer(data))
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    async with (
        asyncio.timeout(PATIENCE),
        await asyncio.start_server(
            lambda *pair: running.append(asyncio.create_task(serve(*pair))), "127.0.0.1", 0
        ) as server,
    ):
        yield DoorAddress("127.0.0.1", server.sockets[0].getsockname()[1])
        await asyncio.gather(*running)
    assert problems == []


async def reason_of_the_end(door: DoorWay) -> str:
    """Why a device lost its connection, after it sent two readings."""
    listener, lost = create_autospec(Listener), asyncio.Event()
    listener.lost.side_effect = lambda _: lost.set()
    link: Link = door.link(LOGIN, listener)
    listener.opened.side_effect = lambda: link.send(READINGS)
    link.open()
    await lost.wait()
    await door.close()
    reason: str = listener.lost.call_args.args[0].reason
    return reason


@pytest.mark.parametrize("topic", ["errors", "config", "commands/control"])
@pytest.mark.parametrize("payload", [b"[]", b"5", b'"x"'])
async def test_a_message_that_is_no_object(topic: str, payload: bytes) -> None:
    assert await reason_at_mqtt(mqtt.publish(V311, mqtt.topic(f"iotflow/devices/7/{topic}"), 1, payload)) == (
        "MALFORMED_ANSWER"
    )


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("errors", b'{"message": "without a reason"}'),
        ("errors", b'{"reason": 5, "message": "x"}'),
        ("errors", b'{"reason": "X", "message": "x", "topic": "a/telemetry", "correlation": "no hexadecimals"}'),
        ("config", b'{"desired": 5}'),
        ("commands/control", b'{"command_id": "1", "name": "reboot"}'),
        ("commands/control", b'{"command_id": 1}'),
        ("commands/control", b'{"command_id": 1, "name": "reboot", "parameters": []}'),
    ],
)
async def test_a_message_of_another_form(topic: str, payload: bytes) -> None:
    assert await reason_at_mqtt(mqtt.publish(V311, mqtt.topic(f"iotflow/devices/7/{topic}"), 1, payload)) == (
        "MALFORMED_ANSWER"
    )


@pytest.mark.parametrize("packet", [b"\x30\x00\x20\x00", b"\xff\xff\xff\xff\xff", b"\x20\x01\x00"])
async def test_bytes_that_are_no_packet(packet: bytes) -> None:
    assert await reason_at_mqtt(packet) == "MALFORMED_ANSWER"


async def reason_at_mqtt(sent: bytes) -> str:
    """Why a device lost its connection to a broker that sends this to its subscriber."""

    def answers() -> Answers:
        packets = PacketReader()
        known = {CONNECT: ACCEPTED, SUBSCRIBE: SUBSCRIBED + sent}
        return lambda data: b"".join(known.get(packet.type, b"") for packet in packets.feed(data))

    async with peer(answers) as address:
        return await reason_of_the_end(MqttDoor(address, V311, "iotflow", create_autospec(KeyCalls, instance=True)))


def answer(body: bytes, status: int = 200) -> bytes:
    return b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body)


ANSWERS = [
    answer(b'{"rejected": 5}'),
    answer(b'{"rejected": [5]}'),
    answer(b'{"rejected": [{}]}'),
    answer(b'{"rejected": [{"index": 1, "count": 2, "reason": "X"}]}'),
    answer(b'{"rejected": [{"index": -1, "reason": "X"}]}'),
    answer(b'{"details": 5}', 400),
    answer(b'{"details": [{"reason": 5}]}', 400),
    answer(b'{"message": []}', 403),
    b"HTTP/1.1 200 X\r\nContent-Length: -5\r\n\r\nx",
    b"HTTP/1.1 200 X\r\nContent-Length: %d\r\n\r\n" % (LARGEST + 1),
    b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nxx\r\n",
    b"HTTP/1.1 200 X\r\n" + b"A" * LARGEST,
    b"\x00\xff\r\n\r\n",
]


@asynccontextmanager
async def rest_peer(sent: bytes) -> AsyncIterator[RestDoor]:
    """A server that answers each request with this."""

    async with peer(lambda: lambda _: sent) as address:
        yield RestDoor(address, 60.0)


@pytest.mark.parametrize("sent", ANSWERS)
async def test_an_answer_that_is_none(sent: bytes) -> None:
    async with rest_peer(sent) as door:
        assert await reason_of_the_end(door) == "MALFORMED_ANSWER"


@pytest.mark.parametrize("sent", [answer(b"5"), answer(b'{"api_key": 5}'), *ANSWERS])
async def test_an_answer_without_a_new_key(sent: bytes) -> None:
    async with rest_peer(sent) as door:
        with pytest.raises(KeyNotAccepted) as caught:
            await RestKeyCalls(door.endpoint).successor(LOGIN)
        assert caught.value.problem.reason == "MALFORMED_ANSWER"
