"""A process that publishes prepared packets of MQTT 3.1.1, as fast as the broker accepts them or at a rate.

mqtt_publisher.py <port> <username> <password> <messages> <devices> <rate or 0> <first number>
"""

import json
import socket
import struct
import sys
import threading
import time

KEEP_IN_FLIGHT = 2_000


def packet(kind: int, body: bytes) -> bytes:
    """With its length before it."""
    size, length = len(body), b""
    while True:
        size, digit = divmod(size, 128)
        length += bytes([digit | (128 if size else 0)])
        if not size:
            return bytes([kind]) + length + body


def text(content: str) -> bytes:
    """With its length before it."""
    return struct.pack("!H", len(content.encode())) + content.encode()


def publish(number: int, topic: str, payload: bytes) -> bytes:
    """A PUBLISH of QoS 1."""
    return packet(0x32, text(topic) + struct.pack("!H", number % 65_535 + 1) + payload)


def reading(number: int, now_ms: int) -> bytes:
    """Six fields; one of them is the time of sending."""
    data = {"temperature": number / 4, "humidity": 40.5, "pressure": 1013.25, "door": True, "battery": 3.7}
    return json.dumps({"timestamp": now_ms + number, "data": data | {"sent": time.time() * 1_000}}).encode()


class Acknowledged:
    """Counts the broker's PUBACKs."""

    def __init__(self, line: socket.socket) -> None:
        self.count = 0
        self._line = line
        self._news = threading.Condition()
        threading.Thread(target=self._listen, daemon=True).start()

    def wait_for(self, count: int) -> None:
        """Wait for this number of acknowledgements."""
        with self._news:
            self._news.wait_for(lambda: self.count >= count)

    def _listen(self) -> None:
        # A PUBACK has four bytes, and the broker sends nothing else.
        rest = 0
        while chunk := self._line.recv(65_536):
            whole, rest = divmod(rest + len(chunk), 4)
            with self._news:
                self.count += whole
                self._news.notify_all()


def main(port: int, username: str, password: str, messages: int, devices: list[int], rate: int, first: int) -> None:
    line = socket.create_connection(("127.0.0.1", port))
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    flags = b"\x04\xc2" + struct.pack("!H", 600)
    line.sendall(packet(0x10, text("MQTT") + flags + text(f"bench {first}") + text(username) + text(password)))
    if line.recv(4)[3]:
        sys.exit("refused")
    acknowledged = Acknowledged(line)
    began, start = time.perf_counter(), 1_700_000_000_000
    for number in range(messages):
        if rate:
            time.sleep(max(0.0, began + number / rate - time.perf_counter()))
        elif number % 100 == 0:
            acknowledged.wait_for(number - KEEP_IN_FLIGHT)
        device = devices[number % len(devices)]
        line.sendall(publish(number, f"iotflow/devices/{device}/telemetry", reading(first + number, start)))
    acknowledged.wait_for(messages)


if __name__ == "__main__":
    port, username, password, messages, devices, rate, first = sys.argv[1:]
    main(int(port), username, password, int(messages), json.loads(devices), int(rate), int(first))
