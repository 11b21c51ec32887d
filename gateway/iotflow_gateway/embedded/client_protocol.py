"""The protocol with one client of the embedded broker.

amqtt writes the packets. This module reads them, checks each before it is processed, and acknowledges a message when its processing
is complete. The connection is closed when the protocol ends, for whatever cause.
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

from iotflow_gateway.embedded.limits import MOST_BYTES_IN_FLIGHT, MOST_IN_FLIGHT, MOST_UNRELEASED
from iotflow_gateway.embedded.packet_bodies import acknowledged, filters, published
from iotflow_gateway.embedded.packets import MalformedPacket, Packet, PacketReader, Type
from iotflow_gateway.embedded.session_state import InboundMessage, Unreleased, inbound_message, state

log = structlog.get_logger(__name__)

# Time for a client to acknowledge a message, and to read a packet.
ACKNOWLEDGE_SECONDS, SEND_SECONDS = 10.0, 10.0
# A client may be silent for this multiple of its keepalive (MQTT-3.1.2-24).
KEEPALIVES = 1.5
# Subscriptions, and unsubscriptions, that wait for each other. With more, nothing is read from the client.
MOST_WAITING = 10

# Called with each message; False: the message is rejected, and the client cannot be informed.
OnPublish = Callable[[Session, InboundMessage], bool]


class ClientProtocol(BrokerProtocolHandler):
    """The protocol from CONNECT to the end of the connection."""

    def prepare(self, packets: PacketReader, may_read: asyncio.Event, on_publish: OnPublish) -> None:
        """Set the state of a new connection. may_read: set while packets are accepted."""
        self._packets = packets
        self._may_read = may_read
        self._on_publish = on_publish
        self._previous: InboundMessage | None = None
        self._answers: set[asyncio.Task[None]] = set()
        self._unacknowledged: dict[int, asyncio.Future[bool]] = {}
        self._in_flight, self._bytes_in_flight = 0, 0
        self._pending_subscriptions: asyncio.Queue[Subscription] = asyncio.Queue(MOST_WAITING)
        self._pending_unsubscriptions: asyncio.Queue[UnSubscription] = asyncio.Queue(MOST_WAITING)
        self._has_disconnected = False
        self._is_ending = False
        self.over = asyncio.Event()

    @property
    def has_disconnected(self) -> bool:
        """Whether the client has sent DISCONNECT, after which its last will is not published."""
        return self._has_disconnected

    async def start(self) -> None:
        # Made before the first packet is read, which may be a DISCONNECT.
        self._disconnect_waiter = asyncio.get_running_loop().create_future()
        await super(BrokerProtocolHandler, self).start()

    async def handle_disconnect(self, disconnect: DisconnectPacket | None) -> None:
        self._is_ending = True
        await super().handle_disconnect(disconnect)

    async def _reader_loop(self) -> None:
        self._reader_ready.set()
        try:
            while not self._has_disconnected:
                await self._may_read.wait()
                packet = await self._packets.next(self._silence_limit)
                if packet is None:
                    break
                await self._process(packet)
                # Packets that have arrived are read without a pause, in which other connections would be served.
                await asyncio.sleep(0)
        except MalformedPacket as problem:
            log.info("connection_closed", problem=str(problem), username=self.session.username)
        except TimeoutError:
            log.info("connection_closed", problem="no packet in time", username=self.session.username)
        finally:
            for answer in self._answers:
                answer.cancel()
            await self.handle_connection_closed()
            self._reader_stopped.set()

    @property
    def _silence_limit(self) -> float | None:
        keep_alive: int = self.session.keep_alive
        return KEEPALIVES * keep_alive if keep_alive else None

    async def _process(self, packet: Packet) -> None:
        match packet.type:
            case Type.PUBLISH:
                self._receive(inbound_message(published(packet)))
            case Type.SUBSCRIBE | Type.UNSUBSCRIBE:
                await self._subscribe(packet)
            case Type.PINGREQ:
                await self._send_packet(PingRespPacket.build())
            case Type.DISCONNECT:
                self._has_disconnected = True
            case Type.CONNECT:
                raise MalformedPacket("a second CONNECT on one connection")
            case _:
                await self._process_acknowledgement(packet.type, acknowledged(packet))

    async def _subscribe(self, packet: Packet) -> None:
        packet_id, requested = filters(packet)
        if packet.type is Type.SUBSCRIBE:
            await self._pending_subscriptions.put(Subscription(packet_id, requested))
        else:
            await self._pending_unsubscriptions.put(UnSubscription(packet_id, [one for one, _ in requested]))

    async def _process_acknowledgement(self, packet_type: Type, packet_id: int) -> None:
        """PUBREC and PUBCOMP have no effect, because the broker sends nothing with QoS 2."""
        answer = self._unacknowledged.get(packet_id)
        if packet_type is Type.PUBACK and answer and not answer.done():
            answer.set_result(True)
        elif packet_type is Type.PUBREL:
            state(self.session).unreleased.pop(packet_id, None)
            await self._send_packet(PubcompPacket.build(packet_id))

    async def deliver(self, topic: str, payload: bytes, qos: int, *, retain: bool = False) -> bool:
        """Send a message with QoS 0 or 1. The result: whether the client has it, as far as the QoS shows."""
        size = len(payload)
        if self._in_flight >= MOST_IN_FLIGHT or self._bytes_in_flight + size > MOST_BYTES_IN_FLIGHT:
            return False
        self._in_flight += 1
        self._bytes_in_flight += size
        try:
            if qos == QOS_0:
                await self._send_packet(PublishPacket.build(topic, payload, None, False, QOS_0, retain))
                return not self._is_ending
            return await self._deliver(topic, payload, retain=retain)
        except (AMQTTError, MQTTError, OSError, TimeoutError):
            return False
        finally:
            self._in_flight -= 1
            self._bytes_in_flight -= size

    async def _deliver(self, topic: str, payload: bytes, *, retain: bool) -> bool:
        session: Session = self.session
        packet_id: int = session.next_packet_id
        message = OutgoingApplicationMessage(packet_id, topic, QOS_1, payload, retain)
        session.inflight_out[packet_id] = message
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._unacknowledged[packet_id] = answer
        try:
            async with asyncio.timeout(ACKNOWLEDGE_SECONDS):
                await self._send_packet(message.build_publish_packet())
                return await answer
        finally:
            del self._unacknowledged[packet_id], session.inflight_out[packet_id]

    def _receive(self, message: InboundMessage) -> None:
        if message.qos == QOS_2:
            self._receive_once(message)
            return
        self._pass_on(message)
        if message.qos == QOS_1:
            self._start(self._acknowledge(message, PubackPacket.build(message.packet_id)))

    def _receive_once(self, message: InboundMessage) -> None:
        """Pass on a message of QoS 2 at once, and keep its packet id until PUBREL: method B of MQTT 3.1.1, section 4.3.3."""
        unreleased = state(self.session).unreleased
        first = unreleased.get(message.packet_id)
        if first and first.is_same(message):
            message.finished = first.finished
        elif first is None and len(unreleased) >= MOST_UNRELEASED:
            raise MalformedPacket(f"{MOST_UNRELEASED} messages of QoS 2 are not released: the limit is reached")
        else:
            self._pass_on(message)
            unreleased[message.packet_id] = Unreleased.of(message)
        self._start(self._acknowledge(message, PubrecPacket.build(message.packet_id)))

    def _pass_on(self, message: InboundMessage) -> None:
        """A client that may not publish and cannot be informed is disconnected (MQTT-3.3.5-2)."""
        if not self._on_publish(self.session, message):
            raise MalformedPacket(f"a client without a login may not publish to {message.topic:.200}")

    async def _acknowledge(self, message: InboundMessage, packet: PubackPacket | PubrecPacket) -> None:
        """Acknowledge a message when its processing is complete, in the order of arrival (MQTT-4.6.0-2)."""
        previous, self._previous = self._previous, message
        await message.finished.wait()
        if previous:
            await previous.acknowledged.wait()
        await self._send_packet(packet)
        message.acknowledged.set()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    async def _send_packet(self, packet: Any) -> None:
        """Send a packet. A client that does not read is disconnected."""
        try:
            async with asyncio.timeout(SEND_SECONDS), self._write_lock:
                await packet.to_stream(self.writer)
        except (OSError, TimeoutError):
            await self.handle_connection_closed()

    def _stop_waiters(self) -> None:
        for answer in self._unacknowledged.values():
            if not answer.done():
                answer.set_result(False)

    async def _retry_deliveries(self) -> None:
        """Unacknowledged messages stay with the session; see Fanout.resume."""
