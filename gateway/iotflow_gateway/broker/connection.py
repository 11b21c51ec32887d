"""One connection to the broker."""

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

from iotflow_gateway.broker.loop_client import LoopClient
from iotflow_gateway.broker.port import BrokerDelivery, CannotConnect, LoginRejected

KEEPALIVE_SECONDS = 30
CONNECT_SECONDS, ANSWER_SECONDS = 10.0, 30.0
TICK_SECONDS = 1.0
# Session expiry interval: the broker keeps unacknowledged messages regardless of the adapter's absence.
NEVER = 0xFFFFFFFF
NO_MATCHING_SUBSCRIBERS, NO_SUBSCRIPTION, UNSPECIFIED = 0x10, 0x11, 0x80
# Subscription identifiers of messages that were retained before the adapter subscribed, and of later messages.
REPLAY_ID, LIVE_ID = 1, 2
_REPLAY = SubscribeOptions(qos=1, retainAsPublished=True, retainHandling=SubscribeOptions.RETAIN_SEND_ON_SUBSCRIBE)
_LIVE = SubscribeOptions(qos=1, retainAsPublished=True, retainHandling=SubscribeOptions.RETAIN_DO_NOT_SEND)
# Bad user name or password, not authorized.
LOGIN_REJECTED = (0x86, 0x87)
LOGIN_HINT = (
    "the broker must have an account IOTFLOW_GATEWAY_MQTT_USERNAME with the password IOTFLOW_GATEWAY_MQTT_PASSWORD, or with the "
    "adapter's token as the password if that is empty"
)
CERTIFICATE_HINT = "set IOTFLOW_GATEWAY_MQTT_CA_FILE to the certificate of the authority that signed it"
# Messages of the adapter, such as errors, that wait for the broker.
MOST_OUTGOING = 10_000


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """ca_file: certificate of the authority that signs the broker's; None: those of the system. v5: MQTT 5, else 3.1.1. window: the
    receive maximum."""

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
    """A connection that is made once. on_message: called in the event loop. closed: set to the cause when the connection ends."""

    def __init__(self, address: BrokerAddress, on_message: Callable[[paho.MQTTMessage], None]) -> None:
        self._address = address
        self._on_message = on_message
        self._loop = asyncio.get_running_loop()
        self._connected: asyncio.Future[ReasonCode] = self._loop.create_future()
        self._subscribed: dict[int, asyncio.Future[list[ReasonCode]]] = {}
        self._published: dict[int, asyncio.Future[ReasonCode]] = {}
        # Whether the broker supports subscription identifiers.
        self._has_identifiers = False
        self._session_present = False
        self.closed: asyncio.Future[str] = self._loop.create_future()
        # The topic of the last message that was published.
        self.last_topic = ""
        self._client = self._new_client()
        self._io = LoopClient(self._client, self.closed.done)

    def _new_client(self) -> paho.Client:
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
        client.on_connect = self._on_connect
        client.on_subscribe = client.on_unsubscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_publish_received
        client.on_publish = self._on_puback
        return client

    @property
    def session_present(self) -> bool:
        """Whether the broker had a session of the adapter."""
        return self._session_present

    async def connect(self) -> None:
        """Connect and log in. Raises CannotConnect, and LoginRejected where the account is wrong."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await asyncio.to_thread(self._open)
                self._io.start()
                code = await self._answer(self._connected)
        except ssl.SSLCertVerificationError as error:
            problem = f"the broker's certificate is not accepted: {error.verify_message}"
            raise CannotConnect(f"{problem}; {CERTIFICATE_HINT}") from None
        except (OSError, TimeoutError, ValueError) as error:
            raise CannotConnect(str(error) or f"no answer within {CONNECT_SECONDS:.0f} seconds") from None
        if code.is_failure:
            raise LoginRejected(f"{code}; {LOGIN_HINT}") if code.value in LOGIN_REJECTED else CannotConnect(str(code))

    async def subscribe(self, filters: list[str], obsolete: Sequence[str] = ()) -> None:
        """Subscribe with QoS 1: the broker would pass on a message of QoS 2 before the adapter can state that it is stored.
        obsolete: filters of earlier versions. Raises CannotConnect."""
        await self._subscribe(filters)
        had_obsolete = self._session_present and bool(obsolete) and await self._unsubscribe(list(obsolete))
        if self._has_identifiers and (had_obsolete or not self._session_present):
            # The broker now sends what was retained before, with an identifier that tells it from later messages.
            self._client.subscribe([(one, _REPLAY) for one in filters], properties=_identifier(REPLAY_ID))
            await self._subscribe(filters)

    async def _subscribe(self, filters: list[str]) -> None:
        if not self._address.v5:
            _, mid = self._client.subscribe([(one, 1) for one in filters])
        else:
            identifier = _identifier(LIVE_ID) if self._has_identifiers else None
            _, mid = self._client.subscribe([(one, _LIVE) for one in filters], properties=identifier)
        codes = await self._subscription_answer(mid)
        if any(code.is_failure for code in codes):
            raise CannotConnect(f"the broker rejects a subscription: {', '.join(map(str, codes))}")

    async def _unsubscribe(self, filters: list[str]) -> bool:
        """Whether the session had a subscription to any of them."""
        _, mid = self._client.unsubscribe(filters)
        codes = await self._subscription_answer(mid)
        return self._address.v5 and any(not code.is_failure and code.value != NO_SUBSCRIPTION for code in codes)

    async def _subscription_answer(self, mid: int | None) -> list[ReasonCode]:
        """The broker's answer, for which there is no limit while anything arrives: Mosquitto sends a whole window of waiting
        messages before it, and the adapter takes them as fast as the server stores them."""
        answer = self._subscribed[mid or 0] = self._loop.create_future()
        silent_since = self._loop.time()
        while not (answer.done() or self.closed.done()):
            packets = self._io.packets
            await asyncio.wait({answer, self.closed}, timeout=TICK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            self.keep_alive()
            if self._io.packets != packets or self._io.is_paused:
                silent_since = self._loop.time()
            elif self._loop.time() - silent_since > CONNECT_SECONDS:
                raise CannotConnect(f"no answer to a subscription within {CONNECT_SECONDS:.0f} seconds")
        codes: list[ReasonCode] = await self._answer(answer)
        return codes

    def is_replay(self, message: paho.MQTTMessage) -> bool:
        """Whether a message was retained before the adapter subscribed."""
        if not (message.retain and self._has_identifiers):
            return message.retain and not self._address.v5
        return REPLAY_ID in getattr(message.properties, "SubscriptionIdentifier", ())

    def acknowledge(self, mid: int) -> None:
        """Acknowledge a message of QoS 1; the broker then forgets it."""
        self._client.ack(mid, 1)

    def publish(self, topic: str, payload: bytes) -> bool:
        """Send a message with QoS 1; False: the queue is full."""
        self.last_topic = topic
        return self._client.publish(topic, payload, 1).rc is MQTTErrorCode.MQTT_ERR_SUCCESS

    def clear(self, topic: str, properties: Properties) -> bool:
        """Remove the retained message of a topic; False: the queue is full."""
        return self._client.publish(topic, b"", 1, True, properties).rc is MQTTErrorCode.MQTT_ERR_SUCCESS

    async def deliver(
        self, topic: str, payload: bytes, *, retain: bool, properties: Properties | None
    ) -> BrokerDelivery:
        """Send a message with QoS 1 and wait for the broker's answer. Raises CannotConnect."""
        self.last_topic = topic
        sent = self._client.publish(topic, payload, 1, retain, properties if self._address.v5 else None)
        if sent.rc is not MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise CannotConnect(str(sent.rc))
        answer = self._published[sent.mid] = self._loop.create_future()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                code = await self._answer(answer)
        except TimeoutError:
            raise CannotConnect(f"no answer within {ANSWER_SECONDS:.0f} seconds") from None
        finally:
            del self._published[sent.mid]
        if not self._address.v5:
            return BrokerDelivery.UNKNOWN
        has_subscriber = code.value != NO_MATCHING_SUBSCRIBERS
        return BrokerDelivery.RECEIVED if has_subscriber else BrokerDelivery.NO_SUBSCRIBER

    def pause(self) -> None:
        """Read nothing from the broker until resume() is called."""
        self._io.pause()

    def resume(self) -> None:
        """Read from the broker again."""
        self._io.resume()

    def keep_alive(self) -> None:
        """Send a ping if one is due; called about every TICK_SECONDS."""
        self._client.loop_misc()

    def close(self) -> None:
        """Send DISCONNECT. The broker keeps the session."""
        if self._client.socket() is not None:
            self._client.disconnect()
            self._client.loop_write()
            _set_result(self.closed, "closed")

    def _open(self) -> None:
        address = self._address
        self._client.connect(
            address.host,
            address.port,
            KEEPALIVE_SECONDS,
            clean_start=False if address.v5 else paho.MQTT_CLEAN_START_FIRST_ONLY,
            properties=_session(address.window) if address.v5 else None,
        )
        # Otherwise a small message waits for the acknowledgement of the one before.
        self._io.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _on_publish_received(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        self._io.record_packet()
        self._on_message(message)

    def _on_connect(
        self, _client: object, _data: object, flags: paho.ConnectFlags, code: ReasonCode, properties: object
    ) -> None:
        self._session_present = flags.session_present
        self._has_identifiers = self._address.v5 and getattr(properties, "SubscriptionIdentifierAvailable", 1) == 1
        _set_result(self._connected, code)

    def _on_subscribe(
        self, _client: object, _data: object, mid: int, codes: list[ReasonCode], _properties: object
    ) -> None:
        self._io.record_packet()
        if mid in self._subscribed:
            _set_result(self._subscribed[mid], codes)

    def _on_puback(self, _client: object, _data: object, mid: int, code: ReasonCode, _properties: object) -> None:
        self._io.record_packet()
        if mid in self._published:
            _set_result(self._published[mid], code)

    def _on_disconnect(
        self, _client: object, _data: object, _flags: object, code: ReasonCode, _properties: object
    ) -> None:
        is_silent = code.value == UNSPECIFIED
        _set_result(self.closed, "the broker closed the connection without a reason" if is_silent else str(code))

    async def _answer(self, answer: "asyncio.Future[Any]") -> Any:
        """The broker's answer. Raises CannotConnect if the connection ends before."""
        await asyncio.wait({answer, self.closed}, return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            raise CannotConnect(self.closed.result())
        return answer.result()


def _session(window: int) -> Properties:
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = NEVER
    properties.ReceiveMaximum = window
    return properties


def _identifier(identifier: int) -> Properties:
    properties = Properties(PacketTypes.SUBSCRIBE)  # type: ignore[no-untyped-call]
    properties.SubscriptionIdentifier = identifier
    return properties


def _set_result(future: "asyncio.Future[Any]", value: Any) -> None:
    if not future.done():
        future.set_result(value)
