"""A broker that is lost repeatedly while the server is unavailable does not fill the adapter's memory."""

import asyncio

from iotflow_gateway.broker import BrokerAddress, BrokerSession
from iotflow_gateway.pipeline.message import Message
from iotflow_gateway.topics import Topics
from tests.support import raw_mqtt as raw

PATIENCE = 30.0
WINDOW, SENT = 3, 5
CONNACK, SUBACK = b"\x20\x02\0\0", b"\x90\x03"


class LosingBroker:
    """Sends some messages of QoS 0 after a subscription, and closes the connection. connected: number of connections."""

    def __init__(self) -> None:
        self.connected = 0
        self.changed = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connected += 1
        self.changed.set()
        try:
            await raw.read_packet(reader)
            writer.write(CONNACK)
            subscription = await raw.read_packet(reader)
            writer.write(SUBACK + subscription[:2] + b"\1")
            for _ in range(SENT):
                writer.write(raw.publish("p/devices/1/telemetry", b"{}"))
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # The session ended at the end of the test.
        finally:
            writer.close()


async def test_no_connection_before_its_messages_fit() -> None:
    broker, taken, left = LosingBroker(), list[Message](), list[int]()
    server = await asyncio.start_server(broker.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    address = BrokerAddress("127.0.0.1", port, "adapter", "secret", "adapter", v5=False, window=WINDOW)
    session = BrokerSession(address, Topics("p"), ["p/devices/+/telemetry"], [])
    running = asyncio.create_task(session.run(taken.append))

    def finish_one() -> None:
        session.finish(taken.pop())

    async with asyncio.timeout(PATIENCE):
        for _ in range(2):
            await broker.changed.wait()
            broker.changed.clear()
            left.append(session.waiting)
            for number in range(SENT):
                asyncio.get_running_loop().call_later(1 + number / 10, finish_one)
    assert left == [0, WINDOW - 1]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    server.close()
