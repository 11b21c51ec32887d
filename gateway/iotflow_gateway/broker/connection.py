"""One connection to the broker: paho's client, driven by the event loop instead of a thread of its own."""

import asyncio
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from iotflow_gateway.broker.port import BrokerDelivery, CannotConnect

KEEPALIVE_SECONDS = 30
CONNECT_SECONDS, ANSWER_SECONDS = 10.0, 30.0
# The broker keeps what the adapter has not acknowledged however long it is away.
FOR_EVER = 0xFFFFFFFF
# Packets that are taken in a row before others have their turn.
TURN = 100
NO_MATCHING_SUBSCRIBERS, NO_SUBSCRIPTION, UNSPECIFIED = 0x10, 0x11, 0x80
# Subscription identifiers: of what was retained before, and of what is published from now on. The broker is to say of the latter,
# too, whether it is retained.
OF_OLD, OF_NOW = 1, 2
_OF_OLD = SubscribeOptions(qos=1, retainAsPublished=True, retainHandling=SubscribeOptions.RETAIN_SEND_ON_SUBSCRIBE)
_OF_NOW = SubscribeOptions(qos=1, retainAsPublished=True, retainHandling=SubscribeOptions.RETAIN_DO_NOT_SEND)
# Bad user name or password, not authorized.
NOT_KNOWN = (0x86, 0x87)
KNOWN = "it must know IOTFLOW_GATEWAY_MQTT_USERNAME with IOTFLOW_GATEWAY_MQTT_PASSWORD, or with the adapter's token where that is empty"
TRUST = "name who signed it by IOTFLOW_GATEWAY_MQTT_CA_FILE"
# Messages of the adapter's own that wait for the broker, such as refusals.
MOST_OUTGOING = 10_000


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """ca_file: who signs the broker's certificate; None: the system's own. v5: MQTT 5, else 3.1.1. window: the receive
    maximum."""

    host: str
    port: int
    username: str
    password: str
    client_id: str
    tls: bool = False
    ca_file: Path | None = None
    v5: bool = True
    window: int = 10_000


class MqttConnection:
    """received: called with each message, in the loop. May be connected once; closed is set when it is over."""

    def __init__(self, address: BrokerAddress, received: Callable[[paho.MQTTMessage], None]) -> None:
        self._address = address
        self._received = received
        self._loop = asyncio.get_running_loop()
        self._connected: asyncio.Future[ReasonCode] = self._loop.create_future()
        self._subscribed: dict[int, asyncio.Future[list[ReasonCode]]] = {}
        # Whether the broker marks messages with the subscription that they come by.
        self._marks = False
        self.closed: asyncio.Future[str] = self._loop.create_future()
        self._packets = 0
        self._session_present = False
        self._published: dict[int, asyncio.Future[ReasonCode]] = {}
        self._paused = False
        # What was published last by this connection.
        self.last_topic = ""
        self._client = self._made()

    def _made(self) -> paho.Client:
        address = self._address
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=address.client_id,
            clean_session=None if address.v5 else False,
            protocol=MQTTProtocolVersion.MQTTv5 if address.v5 else MQTTProtocolVersion.MQTTv311,
            manual_ack=True,
        )
        client.username_pw_set(address.username, address.password)
        if address.tls:
            client.tls_set_context(ssl.create_default_context(cafile=address.ca_file))
        client.max_queued_messages_set(MOST_OUTGOING)
        client.on_connect = self._was_connected
        client.on_subscribe = client.on_unsubscribe = self._was_subscribed
        client.on_disconnect = self._ended
        client.on_message = self._message
        client.on_publish = self._was_published
        client.on_socket_register_write = self._want_write
        client.on_socket_unregister_write = self._nothing_to_write
        client.on_socket_close = self._socket_closed
        return client

    @property
    def session_present(self) -> bool:
        """Whether the broker had a session for the adapter."""
        return self._session_present

    async def connect(self) -> None:
        """Until the broker lets the adapter in. Raises CannotConnect."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await asyncio.to_thread(self._open)
                self._loop.add_reader(self._socket(), self._read)
                self._client.loop_write()
                code = await self._first(self._connected)
        except ssl.SSLCertVerificationError as error:
            raise CannotConnect(f"its certificate: {error.verify_message}; {TRUST}") from None
        except (OSError, TimeoutError, ValueError) as error:
            raise CannotConnect(str(error) or "no answer in time") from None
        if code.is_failure:
            raise CannotConnect(f"{code}; {KNOWN}" if code.value in NOT_KNOWN else str(code))

    async def subscribe(self, filters: list[str], replaced: Sequence[str] = ()) -> None:
        """At QoS 1: of QoS 2 the broker would hand over a message before the adapter can say that it is stored. replaced: filters
        of an earlier version."""
        async with asyncio.timeout(CONNECT_SECONDS):
            await self._subscribe(filters)
            was_replaced = self._session_present and bool(replaced) and await self._unsubscribe(list(replaced))
            if self._marks and (was_replaced or not self._session_present):
                # What was retained while there was no such subscription comes now, and is told by its mark from what comes later.
                self._client.subscribe([(one, _OF_OLD) for one in filters], properties=_mark(OF_OLD))
                await self._subscribe(filters)

    async def _subscribe(self, filters: list[str]) -> None:
        if not self._address.v5:
            _, mid = self._client.subscribe([(one, 1) for one in filters])
        else:
            mark = _mark(OF_NOW) if self._marks else None
            _, mid = self._client.subscribe([(one, _OF_NOW) for one in filters], properties=mark)
        codes = await self._answered(mid)
        if any(code.is_failure for code in codes):
            raise CannotConnect(f"a subscription is refused: {', '.join(map(str, codes))}")

    async def _unsubscribe(self, filters: list[str]) -> bool:
        """Whether there was a subscription to any."""
        _, mid = self._client.unsubscribe(filters)
        codes = await self._answered(mid)
        return self._address.v5 and any(not code.is_failure and code.value != NO_SUBSCRIPTION for code in codes)

    async def _answered(self, mid: int | None) -> list[ReasonCode]:
        answer = self._subscribed[mid or 0] = self._loop.create_future()
        codes: list[ReasonCode] = await self._first(answer)
        return codes

    def is_of_old(self, message: paho.MQTTMessage) -> bool:
        """Whether a message was retained before the adapter subscribed."""
        if not (message.retain and self._marks):
            return message.retain and not self._address.v5
        marks = getattr(message.properties, "SubscriptionIdentifier", ())
        return OF_OLD in marks

    def acknowledge(self, mid: int) -> None:
        """Tell the broker that a message of QoS 1 need not be kept any longer."""
        self._client.ack(mid, 1)

    def publish(self, topic: str, payload: bytes) -> bool:
        """Send a message of QoS 1; whether there was room for it."""
        self.last_topic = topic
        return self._client.publish(topic, payload, 1).rc is MQTTErrorCode.MQTT_ERR_SUCCESS

    def clear(self, topic: str, properties: Properties) -> bool:
        """Take away what is retained at a topic; whether there was room for that."""
        return self._client.publish(topic, b"", 1, True, properties).rc is MQTTErrorCode.MQTT_ERR_SUCCESS

    async def deliver(
        self, topic: str, payload: bytes, *, retain: bool, properties: Properties | None
    ) -> BrokerDelivery:
        """Send a message of QoS 1 and wait for the broker's word. Raises CannotConnect where it does not come."""
        self.last_topic = topic
        sent = self._client.publish(topic, payload, 1, retain, properties if self._address.v5 else None)
        if sent.rc is not MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise CannotConnect(str(sent.rc))
        answer = self._published[sent.mid] = self._loop.create_future()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                code = await self._first(answer)
        except TimeoutError:
            raise CannotConnect("no answer in time") from None
        finally:
            del self._published[sent.mid]
        if not self._address.v5:
            return BrokerDelivery.UNKNOWN
        return BrokerDelivery.UNHEARD if code.value == NO_MATCHING_SUBSCRIBERS else BrokerDelivery.HEARD

    def pause(self) -> None:
        """Take nothing from the broker for a while."""
        if not self._paused:
            self._paused = True
            self._loop.remove_reader(self._socket())

    def resume(self) -> None:
        """Take what comes again."""
        if self._paused and not self.closed.done():
            self._paused = False
            self._loop.add_reader(self._socket(), self._read)
            self._loop.call_soon(self._read)

    def keep_alive(self) -> None:
        """To be called every second or so."""
        self._client.loop_misc()

    def close(self) -> None:
        """Say goodbye; the session stays at the broker."""
        if self._client.socket() is not None:
            self._client.disconnect()
            self._client.loop_write()
            _settle(self.closed, "closed")

    def _open(self) -> None:
        address = self._address
        self._client.connect(
            address.host,
            address.port,
            KEEPALIVE_SECONDS,
            clean_start=False if address.v5 else paho.MQTT_CLEAN_START_FIRST_ONLY,
            properties=_session(address.window) if address.v5 else None,
        )
        # A small message must not wait for the acknowledgement of the one before.
        self._socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _socket(self) -> Any:
        return self._client.socket()

    def _read(self) -> None:
        """All that is there, but no more than a turn's worth: paho takes a packet at a time."""
        for _ in range(TURN):
            before = self._packets
            if self._paused or self.closed.done():
                return
            self._client.loop_read()
            if self._packets == before and not self._is_decrypted():
                return
        self._loop.call_soon(self._read)

    def _is_decrypted(self) -> bool:
        """Whether TLS holds something that came with what was read: the socket does not tell of it."""
        line = self._socket()
        return isinstance(line, ssl.SSLSocket) and line.pending() > 0

    def _message(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        self._packets += 1
        self._received(message)

    def _was_connected(
        self, _client: object, _data: object, flags: paho.ConnectFlags, code: ReasonCode, properties: object
    ) -> None:
        self._session_present = flags.session_present
        self._marks = self._address.v5 and getattr(properties, "SubscriptionIdentifierAvailable", 1) == 1
        _settle(self._connected, code)

    def _was_subscribed(
        self, _client: object, _data: object, mid: int, codes: list[ReasonCode], _properties: object
    ) -> None:
        self._packets += 1
        if mid in self._subscribed:
            _settle(self._subscribed[mid], codes)

    def _was_published(self, _client: object, _data: object, mid: int, code: ReasonCode, _properties: object) -> None:
        self._packets += 1
        if mid in self._published:
            _settle(self._published[mid], code)

    def _want_write(self, _client: object, _data: object, line: Any) -> None:
        # Connecting happens in a thread.
        self._loop.call_soon_threadsafe(self._write_when_possible, line)

    def _nothing_to_write(self, _client: object, _data: object, line: Any) -> None:
        self._loop.remove_writer(line)

    def _write_when_possible(self, line: Any) -> None:
        if self._socket() is line and self._client.want_write():
            self._loop.add_writer(line, self._client.loop_write)

    def _socket_closed(self, _client: object, _data: object, line: Any) -> None:
        self._loop.remove_reader(line)
        self._loop.remove_writer(line)

    def _ended(self, _client: object, _data: object, _flags: object, code: ReasonCode, _properties: object) -> None:
        _settle(self.closed, "it ended the connection without a word" if code.value == UNSPECIFIED else str(code))

    async def _first(self, answer: "asyncio.Future[Any]") -> Any:
        await asyncio.wait({answer, self.closed}, return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            raise CannotConnect(self.closed.result())
        return answer.result()


def _session(window: int) -> Properties:
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = FOR_EVER
    properties.ReceiveMaximum = window
    return properties


def _mark(identifier: int) -> Properties:
    properties = Properties(PacketTypes.SUBSCRIBE)  # type: ignore[no-untyped-call]
    properties.SubscriptionIdentifier = identifier
    return properties


def _settle(future: "asyncio.Future[Any]", value: Any) -> None:
    if not future.done():
        future.set_result(value)
