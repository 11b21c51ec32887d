# A device with MicroPython or CircuitPython that speaks MQTT: telemetry, commands, and a last will.
# Copy it to the board with settings.py, which has HOST, PORT, DEVICE_ID and API_KEY, and install
# the client: mpremote mip install umqtt.simple
import json

from settings import API_KEY, DEVICE_ID, HOST, PORT
from umqtt.simple import MQTTClient

TOPIC = f"iotflow/devices/{DEVICE_ID}"


def measure(number):
    # Read a sensor here. Without a timestamp the server's time is used.
    return {"data": {"temperature": 20.0 + number}}


def publish(client, topic, message):
    # With QoS 1 this returns when the server has stored the reading durably.
    client.publish(f"{TOPIC}/{topic}", json.dumps(message), qos=1)


def handle(client, message):
    command = json.loads(message)
    result = {"command_id": command["id"], "state": "succeeded", "result": command["parameters"]}
    publish(client, "commands/ack", result)
    return command["name"]


def main():
    handled = []
    client = MQTTClient(f"device_{DEVICE_ID}", HOST, PORT, user=str(DEVICE_ID), password=API_KEY, keepalive=60)
    client.set_callback(lambda _topic, message: handled.append(handle(client, message)))
    client.set_last_will(f"{TOPIC}/status/offline", b"", qos=1)
    client.connect()
    client.subscribe(f"{TOPIC}/commands/control", qos=1)
    client.publish(f"{TOPIC}/status/online", b"", qos=1)
    for number in range(3):
        publish(client, "telemetry", measure(number))
    print("stored 3 readings")
    # A real device measures on; this example ends after one command.
    while not handled:
        client.wait_msg()
    print("handled", handled[0])
    client.disconnect()


main()
