"""The rate of paho alone: it receives messages as the adapter does, acknowledges each, and does not parse them.

mqtt_receiver.py <port> <username> <password> <messages>

With 0 messages it leaves its session at the broker. Otherwise it ends the session after the last message, and prints the
seconds since CONNACK, and the processor seconds.
"""

import sys
import time

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

TOPICS = "iotflow/devices/+/telemetry"
# The adapter's value.
WINDOW, KEPT_SECONDS = 10_000, 600


class Receiver:
    """One connection."""

    def __init__(self, wanted: int) -> None:
        self._left = wanted
        self._began = (0.0, 0.0)
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2, "bench receiver", protocol=MQTTProtocolVersion.MQTTv5, manual_ack=True
        )
        self._client.on_connect = self._connected
        self._client.on_subscribe = self._subscribed
        self._client.on_message = self._message

    def run(self, port: int, username: str, password: str) -> None:
        """Run until the last message."""
        self._client.username_pw_set(username, password)
        properties = _lasting(PacketTypes.CONNECT, KEPT_SECONDS)
        properties.ReceiveMaximum = WINDOW
        self._client.connect("127.0.0.1", port, clean_start=False, properties=properties)
        self._client.loop_forever(retry_first_connection=False)

    def _connected(self, client: paho.Client, *_: object) -> None:
        self._began = _now()
        client.subscribe(TOPICS, 1)

    def _subscribed(self, client: paho.Client, *_: object) -> None:
        if not self._left:
            client.disconnect()

    def _message(self, client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        client.ack(message.mid, message.qos)
        self._left -= 1
        if not self._left:
            seconds, processor = (now - then for now, then in zip(_now(), self._began, strict=True))
            print(seconds, processor, flush=True)  # noqa: T201 - the result of the process
            client.disconnect(properties=_lasting(PacketTypes.DISCONNECT, 0))


def _lasting(packet: int, seconds: int) -> Properties:
    properties = Properties(packet)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = seconds
    return properties


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


if __name__ == "__main__":
    port, username, password, messages = sys.argv[1:]
    Receiver(int(messages)).run(int(port), username, password)
