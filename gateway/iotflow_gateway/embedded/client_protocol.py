"""What is said with one client of the embedded broker.

amqtt writes the packets. They are read here, each bounded and checked before anything is done about it, and acknowledged when the
message is finished with. Whatever ends a conversation closes the connection.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog
from amqtt.errors import AMQTTError, MQTTError
from amqtt.mqtt.constants import QOS_0, QOS_1, QOS_2
from amqtt.mqtt.disconnect import DisconnectPacket
from amqtt.mqtt.pingresp import PingRespPacket
from amqtt.mqtt.protocol.broker_handler import BrokerProtocolHandler, Subscription, UnSubscription
from amqtt.mqtt.puback import PubackPacket
from amqtt.mqtt.pubcomp import PubcompPacket
from amqtt.mqtt.publish import PublishPacket
from amqtt.mqtt.pubrec import PubrecPacket
from amqtt.session import OutgoingApplicationMessage, Session

from iotflow_gateway.embedded.arrival import InboundMessage, Unreleased, inbound_message
from iotflow_gateway.embedded.limits import MOST_UNANSWERED, MOST_UNANSWERED_BYTES, MOST_UNRELEASED
from iotflow_gateway.embedded.packets import (
    Malformed,
    Packet,
    PacketReader,
    Type,
    acknowledged,
    filters,
    published,
)
from iotflow_gateway.embedded.state import state

log = structlog.get_logger(__name__)

# How long a client may take to acknowledge, and to read.
ACKNOWLEDGE_SECONDS, SEND_SECONDS = 10.0, 10.0
# A client is silent for so many times its keepalive at the most (MQTT-3.1.2-24).
KEEPALIVES = 1.5
# Subscriptions and the like that wait for each other; beyond, nothing is read.
MOST_WAITING = 10

# Whether the message was taken; what is not is not acknowledged.
Arrive = Callable[[Session, InboundMessage], bool]


class ClientProtocol(BrokerProtocolHandler):
    """From CONNECT to the end of the connection."""

    def prepare(self, packets: PacketReader, room: asyncio.Event, arrive: Arrive) -> None:
        """room: nothing is read while it is not set. arrive: called with each message as it comes; whether it was taken."""
        self._packets = packets
        self._room = room
        self._arrive = arrive
        self._before: InboundMessage | None = None
        self._answers: set[asyncio.Task[None]] = set()
        self._sent: dict[int, asyncio.Future[bool]] = {}
        self._unanswered, self._unanswered_bytes = 0, 0
        self._pending_subscriptions: asyncio.Queue[Subscription] = asyncio.Queue(MOST_WAITING)
        self._pending_unsubscriptions: asyncio.Queue[UnSubscription] = asyncio.Queue(MOST_WAITING)
        self._said_goodbye = False
        self._is_ending = False
        self.over = asyncio.Event()

    @property
    def said_goodbye(self) -> bool:
        """Whether the client has ended it in good order: then its last will is not published."""
        return self._said_goodbye

    async def start(self) -> None:
        # Made before anything is read: who comes and goes within the same moment has gone.
        self._disconnect_waiter = asyncio.get_running_loop().create_future()
        await super(BrokerProtocolHandler, self).start()

    async def handle_disconnect(self, disconnect: DisconnectPacket | None) -> None:
        self._is_ending = True
        await super().handle_disconnect(disconnect)

    async def _reader_loop(self) -> None:
        self._reader_ready.set()
        try:
            while not self._said_goodbye:
                await self._room.wait()
                packet = await self._packets.next(self._patience)
                if packet is None:
                    break
                await self._carry_out(packet)
                # What has come is read without waiting: between two packets the other connections have their turn.
                await asyncio.sleep(0)
        except Malformed as problem:
            log.info("connection closed", problem=str(problem), username=self.session.username)
        except TimeoutError:
            log.info("connection closed", problem="no packet in time", username=self.session.username)
        finally:
            for answer in self._answers:
                answer.cancel()
            await self.handle_connection_closed()
            self._reader_stopped.set()

    @property
    def _patience(self) -> float | None:
        keep_alive: int = self.session.keep_alive
        return KEEPALIVES * keep_alive if keep_alive else None

    async def _carry_out(self, packet: Packet) -> None:
        match packet.type:
            case Type.PUBLISH:
                self._take(inbound_message(published(packet)))
            case Type.SUBSCRIBE | Type.UNSUBSCRIBE:
                await self._subscribe(packet)
            case Type.PINGREQ:
                await self._send_packet(PingRespPacket.build())
            case Type.DISCONNECT:
                self._said_goodbye = True
            case Type.CONNECT:
                raise Malformed("a second CONNECT")
            case _:
                await self._acknowledged(packet.type, acknowledged(packet))

    async def _subscribe(self, packet: Packet) -> None:
        packet_id, named = filters(packet)
        if packet.type is Type.SUBSCRIBE:
            await self._pending_subscriptions.put(Subscription(packet_id, named))
        else:
            await self._pending_unsubscriptions.put(UnSubscription(packet_id, [one for one, _ in named]))

    async def _acknowledged(self, packet_type: Type, packet_id: int) -> None:
        """Of PUBREC and PUBCOMP there is nothing to do: nothing is sent with QoS 2."""
        answer = self._sent.get(packet_id)
        if packet_type is Type.PUBACK and answer and not answer.done():
            answer.set_result(True)
        elif packet_type is Type.PUBREL:
            state(self.session).unreleased.pop(packet_id, None)
            await self._send_packet(PubcompPacket.build(packet_id))

    async def deliver(self, topic: str, payload: bytes, qos: int, *, retain: bool = False) -> bool:
        """Send a message of QoS 0 or 1; whether the client has it, as far as that QoS can tell."""
        size = len(payload)
        if self._unanswered >= MOST_UNANSWERED or self._unanswered_bytes + size > MOST_UNANSWERED_BYTES:
            return False
        self._unanswered += 1
        self._unanswered_bytes += size
        try:
            if qos == QOS_0:
                await self._send_packet(PublishPacket.build(topic, payload, None, False, QOS_0, retain))
                return not self._is_ending
            return await self._deliver(topic, payload, retain=retain)
        except (AMQTTError, MQTTError, OSError, TimeoutError):
            return False
        finally:
            self._unanswered -= 1
            self._unanswered_bytes -= size

    async def _deliver(self, topic: str, payload: bytes, *, retain: bool) -> bool:
        session: Session = self.session
        packet_id: int = session.next_packet_id
        message = OutgoingApplicationMessage(packet_id, topic, QOS_1, payload, retain)
        session.inflight_out[packet_id] = message
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._sent[packet_id] = answer
        try:
            async with asyncio.timeout(ACKNOWLEDGE_SECONDS):
                await self._send_packet(message.build_publish_packet())
                return await answer
        finally:
            del self._sent[packet_id], session.inflight_out[packet_id]

    def _take(self, arrived: InboundMessage) -> None:
        if arrived.qos == QOS_2:
            self._receive_once(arrived)
            return
        self._hand_on(arrived)
        if arrived.qos == QOS_1:
            self._begin(self._answer(arrived, PubackPacket.build(arrived.packet_id)))

    def _receive_once(self, arrived: InboundMessage) -> None:
        """Method B of MQTT's section 4.3.3: handed on at once, its id known until PUBREL."""
        unreleased = state(self.session).unreleased
        first = unreleased.get(arrived.packet_id)
        if first and first.is_same(arrived):
            arrived.settled = first.settled
        elif first is None and len(unreleased) >= MOST_UNRELEASED:
            raise Malformed(f"{MOST_UNRELEASED} messages of QoS 2 are not released")
        else:
            self._hand_on(arrived)
            unreleased[arrived.packet_id] = Unreleased.of(arrived)
        self._begin(self._answer(arrived, PubrecPacket.build(arrived.packet_id)))

    def _hand_on(self, arrived: InboundMessage) -> None:
        """A client that may not publish, and cannot be told so, is cut off (MQTT-3.3.5-2)."""
        if not self._arrive(self.session, arrived):
            raise Malformed(f"published without a login to {arrived.topic:.200}")

    async def _answer(self, arrived: InboundMessage, packet: PubackPacket | PubrecPacket) -> None:
        """In the order in which messages came (MQTT-4.6.0-2)."""
        before, self._before = self._before, arrived
        await arrived.settled.wait()
        if before:
            await before.answered.wait()
        await self._send_packet(packet)
        arrived.answered.set()

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    async def _send_packet(self, packet: Any) -> None:
        """A client that does not read is cut off."""
        try:
            async with asyncio.timeout(SEND_SECONDS), self._write_lock:
                await packet.to_stream(self.writer)
        except (OSError, TimeoutError):
            await self.handle_connection_closed()

    def _stop_waiters(self) -> None:
        for answer in self._sent.values():
            if not answer.done():
                answer.set_result(False)

    async def _retry_deliveries(self) -> None:
        """What was not acknowledged waits with the session."""
