"""One connection to the broker."""

import asyncio
import ssl
from collections.abc import Callable, Sequence
from typing import Any

from iotflow_gateway.broker.address import BrokerAddress
from iotflow_gateway.broker.packet_stream import KEEPALIVE_SECONDS, PacketStream
from iotflow_gateway.broker.port import BrokerDelivery, CannotConnect, LoginRejected
from iotflow_gateway.broker.requests import LARGEST_ID, Answer, Codes, Requests
from iotflow_gateway.mqtt import (
    NO_PROPERTIES,
    Connack,
    Connect,
    Disconnect,
    Packet,
    Properties,
    Puback,
    Publish,
    ReasonCode,
    Suback,
    Subscribe,
    Subscription,
    Unsuback,
    Unsubscribe,
)
from iotflow_gateway.mqtt.reason_codes import FIRST_FAILURE, reason_text
from iotflow_gateway.mqtt.subscribe import DO_NOT_SEND_RETAINED, SEND_RETAINED

CONNECT_SECONDS, ANSWER_SECONDS = 10.0, 30.0
TICK_SECONDS = 1.0
# Session expiry interval: the broker keeps unacknowledged messages regardless of the adapter's absence.
NEVER = 0xFFFFFFFF
# Subscription identifiers of messages that were retained before the adapter subscribed, and of later messages.
REPLAY_ID, LIVE_ID = 1, 2
LOGIN_REJECTED = (ReasonCode.BAD_USER_NAME_OR_PASSWORD, ReasonCode.NOT_AUTHORIZED)
LOGIN_HINT = (
    "the broker must have an account IOTFLOW_GATEWAY_MQTT_USERNAME with the password IOTFLOW_GATEWAY_MQTT_PASSWORD, or with the "
    "adapter's token as the password if that is empty"
)
CERTIFICATE_HINT = "set IOTFLOW_GATEWAY_MQTT_CA_FILE to the certificate of the authority that signed it"
# PUBACK of a message that is accepted, in both versions, before its packet identifier.
_PUBACK = b"\x40\x02"


class MqttConnection:
    """A connection that is made once. on_messages: called with the messages of each read. closed: set to the cause when the connection
    ends."""

    def __init__(self, address: BrokerAddress, on_messages: Callable[[list[Publish]], None]) -> None:
        self._address = address
        self._on_messages = on_messages
        self._loop = asyncio.get_running_loop()
        self._connected: asyncio.Future[Connack] = self._loop.create_future()
        # Whether the broker supports subscription identifiers.
        self._has_identifiers = False
        self.closed: asyncio.Future[str] = self._loop.create_future()
        # The topic of the last message that was published.
        self.last_topic = ""
        self._stream = PacketStream(address.version, self._receive, self._end)
        self._requests = Requests(lambda packet: self._stream.write(packet.encode(address.version)))
        self._handlers: dict[type, Callable[[Any], None]] = {
            Connack: self._on_connack,
            Puback: lambda packet: self._requests.answer(packet.packet_id, (packet.code,)),
            Suback: lambda packet: self._requests.answer(packet.packet_id, packet.codes),
            Unsuback: lambda packet: self._requests.answer(packet.packet_id, packet.codes),
            Disconnect: lambda packet: self._stream.close(_cause(packet)),
        }

    @property
    def session_present(self) -> bool:
        """Whether the broker had a session of the adapter."""
        return self._connected.done() and self._connected.result().session_present

    async def connect(self) -> None:
        """Connect and log in. Raises CannotConnect, and LoginRejected where the account is wrong."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await self._open()
                answer: Connack = await self._answer(self._connected)
        except ssl.SSLCertVerificationError as error:
            problem = f"the broker's certificate is not accepted: {error.verify_message}"
            raise CannotConnect(f"{problem}; {CERTIFICATE_HINT}") from None
        except (OSError, TimeoutError, ValueError) as error:
            raise CannotConnect(str(error) or f"no answer within {CONNECT_SECONDS:.0f} seconds") from None
        if answer.code:
            problem = _cause(answer)
            raise LoginRejected(f"{problem}; {LOGIN_HINT}") if answer.code in LOGIN_REJECTED else CannotConnect(problem)
        self._requests.open(answer.properties.get("receive_maximum", LARGEST_ID))

    async def subscribe(self, filters: list[str], obsolete: Sequence[str] = ()) -> None:
        """Subscribe with QoS 1: the broker would pass on a message of QoS 2 before the adapter can state that it is stored.
        obsolete: filters of earlier versions. Raises CannotConnect."""
        await self._subscribe(filters)
        had_obsolete = self.session_present and bool(obsolete) and await self._unsubscribe(obsolete)
        if self._has_identifiers and (had_obsolete or not self.session_present):
            # The broker now sends what was retained before, with an identifier that tells it from later messages.
            self._send_subscription(filters, SEND_RETAINED, REPLAY_ID)
            await self._subscribe(filters)

    async def _subscribe(self, filters: list[str]) -> None:
        answer = self._send_subscription(filters, DO_NOT_SEND_RETAINED, LIVE_ID)
        codes = await self._subscription_answer(answer)
        if any(code >= FIRST_FAILURE for code in codes):
            raise CannotConnect(f"the broker rejects a subscription: {', '.join(map(reason_text, codes))}")

    def _send_subscription(self, filters: list[str], retained: int, identifier: int) -> Answer:
        subscriptions = [Subscription(one, 1) for one in filters]
        if self._address.v5:
            # Before MQTT 5, a subscription has no options.
            subscriptions = [Subscription(one, 1, False, True, retained) for one in filters]
        properties: Properties = {"subscription_identifiers": [identifier]} if self._has_identifiers else {}
        return self._requests.subscribe(Subscribe(0, subscriptions, properties))

    async def _unsubscribe(self, filters: Sequence[str]) -> bool:
        """Whether the session had a subscription to any of them."""
        codes = await self._subscription_answer(self._requests.subscribe(Unsubscribe(0, filters)))
        return ReasonCode.SUCCESS in codes

    async def _subscription_answer(self, answer: Answer) -> Codes:
        """The broker's answer, for which there is no limit while anything arrives: Mosquitto sends a whole window of waiting
        messages before it, and the adapter takes them as fast as the server stores them."""
        either: set[asyncio.Future[Any]] = {answer, self.closed}
        while not (answer.done() or self.closed.done()):
            await asyncio.wait(either, timeout=TICK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            self.keep_alive()
            if self._stream.silence > CONNECT_SECONDS:
                raise CannotConnect(f"no answer to a subscription within {CONNECT_SECONDS:.0f} seconds")
        codes: Codes = await self._answer(answer)
        return codes

    def is_replay(self, message: Publish) -> bool:
        """Whether a message was retained before the adapter subscribed."""
        if not (message.is_retained and self._has_identifiers):
            return message.is_retained and not self._address.v5
        return REPLAY_ID in message.properties.get("subscription_identifiers", ())

    def acknowledge(self, packet_id: int) -> None:
        """Acknowledge a message of QoS 1; the broker then forgets it."""
        self._stream.write(_PUBACK + packet_id.to_bytes(2, "big"))

    def publish(self, topic: str, payload: bytes) -> bool:
        """Send a message with QoS 1; False: the queue is full."""
        self.last_topic = topic
        return self._requests.publish(Publish(topic, payload, 1)) is not None

    def clear(self, topic: str, properties: Properties) -> bool:
        """Remove the retained message of a topic; False: the queue is full."""
        return self._requests.publish(Publish(topic, b"", 1, is_retained=True, properties=properties)) is not None

    async def deliver(self, topic: str, payload: bytes, *, retain: bool, properties: Properties) -> BrokerDelivery:
        """Send a message with QoS 1 and wait for the broker's answer. Raises CannotConnect."""
        self.last_topic = topic
        message = Publish(topic, payload, 1, is_retained=retain, properties=properties)
        answer = self._requests.publish(message)
        if answer is None:
            raise CannotConnect("too many messages wait for the broker")
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                (code,) = await self._answer(answer)
        except TimeoutError:
            raise CannotConnect(f"no answer within {ANSWER_SECONDS:.0f} seconds") from None
        if not self._address.v5:
            return BrokerDelivery.UNKNOWN
        has_subscriber = code is not ReasonCode.NO_MATCHING_SUBSCRIBERS
        return BrokerDelivery.RECEIVED if has_subscriber else BrokerDelivery.NO_SUBSCRIBER

    def pause(self) -> None:
        """Read nothing from the broker until resume() is called."""
        self._stream.pause()

    def resume(self) -> None:
        """Read from the broker again."""
        self._stream.resume()

    def keep_alive(self) -> None:
        """Send a ping if one is due; called about every TICK_SECONDS."""
        self._stream.keep_alive()

    def close(self) -> None:
        """Send DISCONNECT. The broker keeps the session."""
        if not self.closed.done():
            self._stream.write(Disconnect().encode(self._address.version))
            self._stream.close("closed")

    async def _open(self) -> None:
        address = self._address
        context = ssl.create_default_context(cafile=address.ca_file) if address.tls else None
        await self._loop.create_connection(lambda: self._stream, address.host, address.port, ssl=context)
        properties: Properties = {"session_expiry": NEVER, "receive_maximum": address.window}
        connect = Connect(
            client_id=address.client_id,
            is_clean=False,
            keep_alive=KEEPALIVE_SECONDS,
            username=address.username,
            password=address.password.encode(),
            properties=properties if address.v5 else NO_PROPERTIES,
        )
        self._stream.write(connect.encode(address.version))

    def _receive(self, packets: list[Packet]) -> None:
        messages = [packet for packet in packets if type(packet) is Publish]
        if len(messages) < len(packets):
            for packet in packets:
                if handle := self._handlers.get(type(packet)):
                    handle(packet)
        if messages:
            self._on_messages(messages)

    def _on_connack(self, connack: Connack) -> None:
        available = connack.properties.get("subscription_identifiers_available", 1)
        self._has_identifiers = self._address.v5 and bool(available)
        if not self._connected.done():
            self._connected.set_result(connack)

    def _end(self, problem: str) -> None:
        if not self.closed.done():
            self.closed.set_result(problem)

    async def _answer(self, answer: "asyncio.Future[Any]") -> Any:
        """The broker's answer. Raises CannotConnect if the connection ends before."""
        await asyncio.wait({answer, self.closed}, return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            raise CannotConnect(self.closed.result())
        return answer.result()


def _cause(packet: Connack | Disconnect) -> str:
    """The broker's reason, with the text that it adds to it."""
    reason, text = reason_text(packet.code), packet.properties.get("reason_string")
    return f"{reason}: {text}" if text else reason
