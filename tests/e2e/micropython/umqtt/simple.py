"""MicroPython's umqtt.simple for CPython: the same calls, over paho."""

import queue
from collections.abc import Callable

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

SECONDS = 30.0


class MQTTClient:
    """publish() and subscribe() wait for their acknowledgement; wait_msg() calls the callback in the caller's thread."""

    def __init__(self, client_id: str, server: str, port: int, *, user: str, password: str, keepalive: int) -> None:
        self._address = server, port, keepalive
        self._messages: queue.Queue[mqtt.MQTTMessage] = queue.Queue()
        self._subscribed: queue.Queue[bool] = queue.Queue()
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=client_id, protocol=MQTTProtocolVersion.MQTTv311
        )
        self._client.username_pw_set(user, password)
        self._client.on_subscribe = lambda *_: self._subscribed.put(True)
        self._client.on_message = lambda _client, _data, message: self._messages.put(message)
        self._callback: Callable[[bytes, bytes], object] = lambda *_: None

    def set_callback(self, callback: Callable[[bytes, bytes], object]) -> None:
        self._callback = callback

    def set_last_will(self, topic: str, message: bytes, qos: int) -> None:
        self._client.will_set(topic, message, qos)

    def connect(self) -> None:
        self._client.connect(*self._address)
        self._client.loop_start()

    def subscribe(self, topic: str, qos: int) -> None:
        self._client.subscribe(topic, qos)
        self._subscribed.get(timeout=SECONDS)

    def publish(self, topic: str, message: str | bytes, qos: int) -> None:
        self._client.publish(topic, message, qos).wait_for_publish(SECONDS)

    def wait_msg(self) -> None:
        message = self._messages.get(timeout=SECONDS)
        self._callback(message.topic.encode(), bytes(message.payload))

    def disconnect(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
