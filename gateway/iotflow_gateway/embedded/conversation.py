"""What is said with one client of the embedded broker.

amqtt has the packets and reads them. When they are acknowledged is decided here: amqtt acknowledges what nobody has yet, and
forgets what it sent when five seconds have gone by.
"""

import asyncio
from collections.abc import Callable

from amqtt.adapters import ReaderAdapter
from amqtt.errors import AMQTTError
from amqtt.mqtt.constants import QOS_0, QOS_1, QOS_2
from amqtt.mqtt.disconnect import DisconnectPacket
from amqtt.mqtt.protocol.broker_handler import BrokerProtocolHandler
from amqtt.mqtt.puback import PubackPacket
from amqtt.mqtt.pubcomp import PubcompPacket
from amqtt.mqtt.publish import PublishPacket
from amqtt.mqtt.pubrec import PubrecPacket
from amqtt.mqtt.pubrel import PubrelPacket
from amqtt.session import OutgoingApplicationMessage, Session

from iotflow_gateway.embedded.arrival import Arrival, arrival

# How long a client may take to acknowledge.
ACKNOWLEDGE_SECONDS = 10.0

# Whether the message was taken; what is not is not acknowledged.
Arrive = Callable[[Session, Arrival], bool]


class Throttled(ReaderAdapter):
    """Reads nothing while there is no room, nor after feed_eof()."""

    def __init__(self, reader: ReaderAdapter, room: asyncio.Event) -> None:
        self._reader = reader
        self._room = room
        self._over = False

    async def read(self, n: int = -1) -> bytes:
        await self._room.wait()
        read: bytes = b"" if self._over else await self._reader.read(n)
        if not read:
            # At the end amqtt cancels what has not begun: what came before must have.
            await asyncio.sleep(0)
        return read

    def feed_eof(self) -> None:
        self._over = True


class Conversation(BrokerProtocolHandler):
    """From CONNECT to the end of the connection."""

    def prepare(self, arrive: Arrive) -> None:
        """arrive: called with each message as it comes; whether it was taken."""
        self._arrive = arrive
        self._before: Arrival | None = None
        self._sent: dict[int, asyncio.Future[bool]] = {}
        self._said_goodbye = False
        self.over = asyncio.Event()

    @property
    def said_goodbye(self) -> bool:
        """Whether the client has ended it in good order: then its last will is not published."""
        return self._said_goodbye

    async def start(self) -> None:
        # Made before anything is read: who comes and goes within the same moment has gone.
        self._disconnect_waiter = asyncio.get_running_loop().create_future()
        await super(BrokerProtocolHandler, self).start()

    async def stop(self) -> None:
        # Python 3.11's wait_for may swallow the cancellation of a reader that has something to read.
        self.reader.feed_eof()
        await super().stop()

    async def handle_disconnect(self, disconnect: DisconnectPacket | None) -> None:
        self._said_goodbye = self._said_goodbye or disconnect is not None
        await super().handle_disconnect(disconnect)

    async def deliver(self, topic: str, payload: bytes, qos: int, *, retain: bool = False) -> bool:
        """Send a message of QoS 0 or 1; whether the client has it, as far as that QoS can tell."""
        try:
            if qos == QOS_0:
                await self._send_packet(PublishPacket.build(topic, payload, None, False, QOS_0, retain))
                return True
            return await self._deliver(topic, payload, retain=retain)
        except (AMQTTError, OSError, TimeoutError):
            return False

    async def _deliver(self, topic: str, payload: bytes, *, retain: bool) -> bool:
        session: Session = self.session
        packet_id: int = session.next_packet_id
        message = OutgoingApplicationMessage(packet_id, topic, QOS_1, payload, retain)
        session.inflight_out[packet_id] = message
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._sent[packet_id] = answer
        try:
            await self._send_packet(message.build_publish_packet())
            async with asyncio.timeout(ACKNOWLEDGE_SECONDS):
                return await answer
        finally:
            del self._sent[packet_id], session.inflight_out[packet_id]

    async def handle_puback(self, puback: PubackPacket) -> None:
        answer = self._sent.get(puback.packet_id)
        if answer and not answer.done():
            answer.set_result(True)

    async def handle_publish(self, publish_packet: PublishPacket) -> None:
        arrived = arrival(publish_packet)
        if arrived is None:
            await self.handle_connection_closed()
        elif arrived.qos == QOS_2:
            await self._receive_once(arrived)
        elif await self._is_taken(arrived) and arrived.qos == QOS_1:
            await self._answer(arrived, PubackPacket.build(publish_packet.variable_header.packet_id))

    async def handle_pubrel(self, pubrel: PubrelPacket) -> None:
        self.session.inflight_in.pop(pubrel.packet_id, None)
        await self._send_packet(PubcompPacket.build(pubrel.packet_id))

    async def _receive_once(self, arrived: Arrival) -> None:
        """Method B of MQTT's section 4.3.3: handed on at once, its id known until PUBREL."""
        packet_id = arrived.packet_id or 0
        first: Arrival | None = self.session.inflight_in.get(packet_id)
        if first and arrived.is_same(first):
            arrived.settled = first.settled
        elif await self._is_taken(arrived):
            self.session.inflight_in[packet_id] = arrived
        else:
            return
        await self._answer(arrived, PubrecPacket.build(packet_id))

    async def _is_taken(self, arrived: Arrival) -> bool:
        """A client that may not publish, and cannot be told so, is cut off (MQTT-3.3.5-2)."""
        taken = self._arrive(self.session, arrived)
        if not taken:
            await self.handle_connection_closed()
        return taken

    async def _answer(self, arrived: Arrival, packet: PubackPacket | PubrecPacket) -> None:
        """In the order in which messages came (MQTT-4.6.0-2)."""
        before, self._before = self._before, arrived
        await arrived.settled.wait()
        if before:
            await before.answered.wait()
        await self._send_packet(packet)
        arrived.answered.set()

    def _stop_waiters(self) -> None:
        for answer in self._sent.values():
            if not answer.done():
                answer.set_result(False)

    async def _retry_deliveries(self) -> None:
        """What was not acknowledged waits with the session."""
