"""A device that speaks MQTT: presence with a last will, telemetry, and errors."""

import json
import os
import queue
import time
import urllib.request

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

URL = os.environ.get("IOTFLOW_URL", "http://localhost:5000")
HOST, _, PORT = os.environ.get("IOTFLOW_MQTT", "localhost:1883").partition(":")
SECONDS = 30.0


def register() -> tuple[str, str]:
    """The id and the key of a new device."""
    body = json.dumps({"name": f"mqtt {time.time()}"}).encode()
    with urllib.request.urlopen(f"{URL}/api/v1/devices/register", body) as answer:
        device = json.load(answer)["device"]
    return str(device["id"]), device["api_key"]


def main() -> None:
    device_id, key = register()
    topic = f"iotflow/devices/{device_id}"
    subscribed: queue.Queue[bool] = queue.Queue()
    errors: queue.Queue[dict[str, str]] = queue.Queue()

    client = mqtt.Client(
        CallbackAPIVersion.VERSION2, client_id=f"device_{device_id}", protocol=MQTTProtocolVersion.MQTTv311
    )
    client.username_pw_set(device_id, key)
    # The broker publishes the will if the connection breaks.
    client.will_set(f"{topic}/status/offline", qos=1)
    client.on_connect = lambda client, *_: client.subscribe(f"{topic}/errors", qos=1)
    client.on_subscribe = lambda *_: subscribed.put(True)
    client.on_message = lambda _client, _data, message: errors.put(json.loads(message.payload))
    client.connect(HOST, int(PORT))
    client.loop_start()
    subscribed.get(timeout=SECONDS)

    client.publish(f"{topic}/status/online", qos=1)
    reading = client.publish(f"{topic}/telemetry", json.dumps({"data": {"temperature": 22.5}}), qos=1)
    reading.wait_for_publish(SECONDS)
    print("stored:", reading.is_published())

    # The type of a measurement is that of its first value.
    client.publish(f"{topic}/telemetry", json.dumps({"data": {"temperature": "warm"}}), qos=1)
    print("rejected:", errors.get(timeout=SECONDS)["reason"])

    client.publish(f"{topic}/status/offline", qos=1).wait_for_publish(SECONDS)
    client.disconnect()
    client.loop_stop()


if __name__ == "__main__":
    main()
