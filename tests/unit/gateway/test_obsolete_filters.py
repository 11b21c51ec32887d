"""Subscriptions that an earlier version left in the adapter's session are removed, and what was retained comes anew."""

import asyncio

import pytest

from iotflow_gateway.broker import BrokerAddress
from iotflow_gateway.broker.connection import MqttConnection

PATIENCE = 30.0
CONNECT, SUBSCRIBE, UNSUBSCRIBE, DISCONNECT = 0x10, 0x82, 0xA2, 0xE0
REMOVED, NO_SUBSCRIPTION, FAILED = 0x00, 0x11, 0x80


class Broker:
    """An MQTT 5 broker that accepts everything. session_present: of the adapter. code: of the answer to an UNSUBSCRIBE.
    received: types of packets. ended: the connection has."""

    def __init__(self, *, session_present: bool, code: int) -> None:
        self.received: list[int] = []
        self.ended = asyncio.Event()
        self._session_present = session_present
        self._code = code

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                kind, size = await reader.readexactly(2)
                packet_id = (await reader.readexactly(size))[:2]
                self.received.append(kind)
                if kind == CONNECT:
                    writer.write(bytes([0x20, 3, self._session_present, 0, 0]))
                elif kind == SUBSCRIBE:
                    writer.write(b"\x90\x04" + packet_id + b"\0\1")
                elif kind == UNSUBSCRIBE:
                    writer.write(b"\xb0\x04" + packet_id + bytes([0, self._code]))
        except (ConnectionError, asyncio.IncompleteReadError):
            writer.close()
            self.ended.set()


ONCE, AGAIN = [SUBSCRIBE], [SUBSCRIBE, SUBSCRIBE]


@pytest.mark.parametrize(
    ("session_present", "code", "obsolete", "sent"),
    [
        (True, REMOVED, ["p/old"], [SUBSCRIBE, UNSUBSCRIBE, *AGAIN]),
        (True, NO_SUBSCRIPTION, ["p/old"], [SUBSCRIBE, UNSUBSCRIBE]),
        (True, FAILED, ["p/old"], [SUBSCRIBE, UNSUBSCRIBE]),
        (True, REMOVED, [], ONCE),
        (False, REMOVED, ["p/old"], [SUBSCRIBE, *AGAIN]),
    ],
    ids=["removed", "not there", "refused", "none known", "new session"],
)
async def test_filters_are_subscribed_anew_after_an_obsolete_one_was_removed_or_in_a_new_session(
    session_present: bool, code: int, obsolete: list[str], sent: list[int]
) -> None:
    broker = Broker(session_present=session_present, code=code)
    async with asyncio.timeout(PATIENCE), await asyncio.start_server(broker.serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        address = BrokerAddress("127.0.0.1", port, "adapter", "secret", "adapter", v5=True, window=20)
        connection = MqttConnection(address, lambda _: None)
        await connection.connect()
        await connection.subscribe(["p/devices/+/telemetry"], obsolete)
        connection.close()
        await broker.ended.wait()
    assert broker.received == [CONNECT, *sent, DISCONNECT]
