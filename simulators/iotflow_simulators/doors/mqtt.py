"""The door of MQTT 3.1.1 and 5: QoS 1, and the PUBACK is the acknowledgement."""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from iotflow_simulators.doors import mqtt_packets as mqtt
from iotflow_simulators.doors.documents import deliver_command, value_of
from iotflow_simulators.doors.door_address import DoorAddress
from iotflow_simulators.doors.key_calls import KeyCalls
from iotflow_simulators.doors.link import DoorWay, Link, Listener, Login, Outgoing, Problem, json_reading
from iotflow_simulators.doors.mqtt_errors import RefusedMessage, refused_message
from iotflow_simulators.doors.mqtt_packets import Packet, PacketReader
from iotflow_simulators.doors.socket_link import Endpoint, SocketLink

KEEPALIVE, GREETING_SECONDS = 60, 20.0
_SUBSCRIBED = ("errors", "config", "commands", "commands/config", "commands/control", "commands/firmware")
# Return codes: MQTT 3.1.1 and MQTT 5.
_ACCEPTED, _WRONG_VERSION = 0, (1, 0x84)
_WRONG_LOGIN = {4: "BAD_CREDENTIALS", 5: "NOT_AUTHORIZED", 0x86: "BAD_CREDENTIALS", 0x87: "NOT_AUTHORIZED"}


class MqttDoor(DoorWay):
    """A broker. version: V311 or V5. Where a broker does not speak MQTT 5, its devices use 3.1.1, as those in the field do."""

    def __init__(self, address: DoorAddress, version: int, prefix: str, key_calls: KeyCalls) -> None:
        super().__init__()
        self.key_calls = key_calls
        self.endpoint = Endpoint(address, address.context(), self.tasks)
        self.version = version
        self.prefix = prefix

    def link(self, login: Login, listener: Listener) -> Link:
        """A connection of its own for each device."""
        return MqttLink(self, login, listener)


class MqttLink(SocketLink):
    """The connection of a device."""

    window = 16

    def __init__(self, door: MqttDoor, login: Login, listener: Listener) -> None:
        super().__init__(door.endpoint, login, listener)
        self._door = door
        self._version = door.version
        self._root = f"{door.prefix}/devices/{login.id}"
        self._topic = mqtt.topic(f"{self._root}/telemetry")
        self._reader = PacketReader()
        self._sent: dict[int, Outgoing] = {}
        # Numbers of malformed readings that the broker acknowledged, and whose errors are still to come.
        self._awaited: deque[int] = deque(maxlen=self.window)
        self._packet_id = 0
        self._ping: asyncio.TimerHandle | None = None
        self._is_heard = True

    def send(self, readings: Sequence[Outgoing]) -> None:
        """One message for each reading."""
        write = self.write
        for outgoing in readings:
            number = self._next_id()
            self._sent[number] = outgoing
            write(self._message(number, outgoing))

    def answer(self, number: int, *, executed: bool, result: Mapping[str, Any], message: str) -> None:
        """On `…/commands/ack`."""
        state, shown = "succeeded" if executed else "failed", {"message": message} if message else {}
        self._publish("commands/ack", {"command_id": number, "state": state, "result": {**result, **shown}})

    def report(self, configuration: Mapping[str, Any]) -> None:
        """On `…/config/reported`."""
        self._publish("config/reported", {"configuration": dict(configuration)})

    def greet(self) -> None:
        """Send the CONNECT."""
        login = self.login
        client, user, will = f"device_{login.id}", str(login.id), f"{self._root}/status/offline"
        self.write(mqtt.connect(self._version, client, user, login.key, KEEPALIVE, will))
        self._ping = self.loop.call_later(GREETING_SECONDS, self.fail, Problem("SILENT", "the broker does not answer"))

    def received(self, data: bytes) -> None:
        """Take what the broker sent."""
        self._is_heard = True
        for packet in self._reader.feed(data):
            self._take(packet)
            if self.is_over:
                return

    def goodbye(self) -> bytes:
        """The status, and the DISCONNECT, after which the broker publishes no will."""
        return self._status("offline") + mqtt.GOODBYE

    def ended(self) -> None:
        """Release the timer."""
        if self._ping:
            self._ping.cancel()

    def _take(self, packet: Packet) -> None:
        if packet.type == mqtt.PUBACK:
            self._acknowledge(packet.body)
        elif packet.type == mqtt.PUBLISH:
            self._message_received(packet)
        elif packet.type == mqtt.CONNACK:
            self._connected(packet.body[1])
        elif packet.type == mqtt.SUBACK:
            self._keep_alive()
            # The adapter delivers the commands that wait.
            self.write(self._status("online"))
            self.listener.opened()
        elif packet.type == mqtt.DISCONNECT:
            self.fail(Problem("DISCONNECTED", f"the broker ended the connection: {packet.body[:1].hex()}"))

    def _acknowledge(self, body: bytes) -> None:
        outgoing = self._sent.pop(int.from_bytes(body[:2], "big"), None)
        if outgoing is None:
            return
        if len(body) > 2 and body[2] >= 0x80:
            self.listener.refused(outgoing, f"MQTT_{body[2]:#04x}", "", "the broker refused the message")
            return
        if outgoing.payload is not None:
            self._awaited.append(outgoing.number)
        self.listener.acknowledged(outgoing)

    def _connected(self, code: int) -> None:
        if code == _ACCEPTED:
            topics = [f"{self._root}/{name}" for name in _SUBSCRIBED]
            self.write(mqtt.subscribe(self._version, self._next_id(), topics))
        elif code in _WRONG_VERSION and self._version == mqtt.V5:
            self._version = self._door.version = mqtt.V311
            self.fail(Problem("NO_MQTT_5", "the broker does not speak MQTT 5; the devices use 3.1.1"))
        elif code in _WRONG_LOGIN:
            self.fail(Problem(_WRONG_LOGIN[code], "the broker does not accept the key", is_refusal=True))
        else:
            self.fail(Problem(f"CONNACK_{code}", "the broker does not accept the connection"))

    def _message_received(self, packet: Packet) -> None:
        message = mqtt.received(self._version, packet)
        if message.packet_id:
            self.write(mqtt.puback(message.packet_id))
        try:
            content = orjson.loads(message.payload) if message.payload else {}
        except orjson.JSONDecodeError:
            return
        if message.topic.endswith("/errors"):
            if error := refused_message(content):
                self._refused(error)
        elif message.topic.endswith("/config"):
            desired: dict[str, Any] = value_of(content, "desired", dict, {})
            self.listener.configured(desired)
        elif value_of(content, "command_id", int, 0):
            deliver_command(self.listener, content, "command_id")

    def _refused(self, error: RefusedMessage) -> None:
        """A message on `…/errors`. Without a number, it is the oldest of the messages that cannot be read."""
        number, measurement = error.number, error.measurement
        if number is None:
            number, measurement = self._oldest_malformed(), ""
        if number is None:
            return
        if number in self._awaited:
            self._awaited.remove(number)
        self.listener.refused_number(number, error.reason, measurement, error.message)

    def _oldest_malformed(self) -> int | None:
        waiting = (outgoing.number for outgoing in self._sent.values() if outgoing.payload is not None)
        return self._awaited[0] if self._awaited else next(waiting, None)

    def _message(self, number: int, outgoing: Outgoing) -> bytes:
        if outgoing.payload is not None or self._version == mqtt.V5:
            correlation = b"%d" % outgoing.number
            return mqtt.publish(self._version, self._topic, number, json_reading(outgoing), correlation)
        # In MQTT 3.1.1, only the payload can name the message.
        payload = b'{"data":%b,"timestamp":%d,"message_id":"%d"}' % (outgoing.json, outgoing.time, outgoing.number)
        return mqtt.publish(self._version, self._topic, number, payload)

    def _status(self, word: str) -> bytes:
        return mqtt.publish(self._version, mqtt.topic(f"{self._root}/status/{word}"), self._next_id(), b"")

    def _publish(self, topic: str, content: Mapping[str, Any]) -> None:
        if not self.is_over:
            name = mqtt.topic(f"{self._root}/{topic}")
            self.write(mqtt.publish(self._version, name, self._next_id(), orjson.dumps(content)))

    def _next_id(self) -> int:
        # The window is far smaller than the numbers, so that none is in use twice.
        self._packet_id = self._packet_id % 0xFFFF + 1
        return self._packet_id

    def _keep_alive(self) -> None:
        if not self._is_heard:
            self.fail(Problem("SILENT", "the broker does not answer"))
            return
        if self._ping:
            self._ping.cancel()
        self._is_heard = False
        self.write(mqtt.PINGREQ)
        self._ping = self.loop.call_later(KEEPALIVE / 2, self._keep_alive)
