"""What paho alone can do: takes messages as the adapter does, acknowledges each by hand, and looks into none.

mqtt_receiver.py <port> <username> <password> <messages>

Its session stays at the broker where no message is wanted, and ends after the last one wanted: then it prints seconds, and
seconds of its processor, from being let in until then.
"""

import sys
import time

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

TOPICS = "iotflow/devices/+/telemetry"
# The adapter's own.
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
        """Until there is no more to do."""
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
            print(seconds, processor, flush=True)  # noqa: T201 - what it is run for
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
