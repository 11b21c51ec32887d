"""An MQTT client of the tests, by paho."""

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """A received message."""

    topic: str
    payload: bytes
    retained: bool

    def json(self) -> Any:
        return json.loads(self.payload)


class MqttDevice:
    """A connected client with its received messages. will: topic and payload of its last will. kept: whether its session outlives its
    connection. tls: None: without TLS. websocket: whether it connects by WebSocket, at the path /mqtt."""

    def __init__(
        self,
        port: int,
        username: str | None,
        password: str | None,
        client_id: str,
        *,
        v5: bool,
        will: tuple[str, bytes] | None = None,
        kept: bool = False,
        tls: ssl.SSLContext | None = None,
        websocket: bool = False,
    ) -> None:
        self.received: list[ReceivedMessage] = []
        self.connection: str | None = None
        self.end: str | None = None
        self._granted: dict[int | None, list[str]] = {}
        self._published: dict[int, str] = {}
        self._changed = threading.Condition()
        version = MQTTProtocolVersion.MQTTv5 if v5 else MQTTProtocolVersion.MQTTv311
        clean = None if v5 else not kept
        self.client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=version,
            clean_session=clean,
            transport="websockets" if websocket else "tcp",
        )
        if tls:
            self.client.tls_set_context(tls)
        if will:
            self.client.will_set(*will, qos=1)
        if username is not None:
            self.client.username_pw_set(username, password)
        self.client.on_connect = lambda _c, _d, _f, code, _p: self._connected(code)
        self.client.on_disconnect = lambda _c, _d, _f, code, _p: self._note(lambda: setattr(self, "end", str(code)))
        self.client.on_subscribe = lambda _c, _d, mid, codes, _p: self._note(
            lambda: self._granted.__setitem__(mid, [str(code) for code in codes])
        )
        self.client.on_publish = lambda _c, _d, mid, code, _p: self._note(
            lambda: self._published.__setitem__(mid, str(code))
        )
        self.client.on_message = lambda _c, _d, message: self._note(
            lambda: self.received.append(ReceivedMessage(message.topic, bytes(message.payload), message.retain))
        )
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        self.wait(lambda: self.connection is not None or self.end is not None)

    def publish(self, topic: str, content: object, qos: int = 1, *, retain: bool = False, **properties: Any) -> str:
        """Publish bytes, or JSON, and wait for the broker's answer."""
        payload = content if isinstance(content, bytes) else json.dumps(content).encode()
        sent = self.client.publish(topic, payload, qos, retain, properties=_properties(properties))
        self.wait(lambda: sent.mid in self._published)
        return self._published[sent.mid]

    def begin(self, topic: str, content: object, qos: int = 1) -> int:
        """Publish without waiting for the answer; the message's id."""
        return self.client.publish(topic, json.dumps(content).encode(), qos).mid

    def has_acknowledged(self, mid: int) -> bool:
        """Whether the broker has acknowledged the message."""
        return mid in self._published

    def break_off(self) -> None:
        """Break the connection; the client connects again a second later."""
        line = self.client.socket()
        assert isinstance(line, socket.socket)
        line.shutdown(socket.SHUT_RDWR)

    def subscribe(self, topic: str) -> str:
        """Subscribe; the broker's answer."""
        _, mid = self.client.subscribe(topic, 1)
        self.wait(lambda: mid in self._granted)
        return self._granted[mid][0]

    def wait(self, condition: Callable[[], bool], within: float = PATIENCE) -> None:
        """Wait until the condition is true. Raises AssertionError after `within` seconds."""
        with self._changed:
            assert self._changed.wait_for(condition, within), (self.connection, self.end, self.received)

    def receive(self, count: int = 1) -> list[ReceivedMessage]:
        """All received messages, once there are at least `count`."""
        self.wait(lambda: len(self.received) >= count)
        return list(self.received)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()
        # A connection that was opened in the meantime.
        if line := self.client.socket():
            line.close()
        # paho closes its socket pair when it is deleted, which a cycle of references would leave to the garbage collector.
        self.client.on_connect = self.client.on_disconnect = self.client.on_subscribe = None
        self.client.on_publish = self.client.on_message = None

    def _connected(self, code: ReasonCode) -> None:
        if code.is_failure and self.connection is None:
            # paho would sleep for a second before another attempt.
            self.client.disconnect()
        self._note(lambda: setattr(self, "connection", str(code)))

    def _note(self, do: Callable[[], object]) -> None:
        with self._changed:
            do()
            self._changed.notify_all()


@contextmanager
def mqtt_device(
    port: int, username: str | None, password: str | None = None, client_id: str = "", **more: Any
) -> Iterator[MqttDevice]:
    """A client that is connected or rejected. more: arguments of MqttDevice; MQTT 5 by default."""
    device = MqttDevice(port, username, password, client_id, **{"v5": True, **more})
    try:
        yield device
    finally:
        device.close()


def _properties(given: dict[str, Any]) -> Properties | None:
    if not given:
        return None
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    for name, value in given.items():
        setattr(properties, name, value)
    return properties
