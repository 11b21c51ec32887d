"""The packets of PubSubClient, the Arduino library, byte by byte as it sends them: `pubsubclient.py PORT ID KEY`.

It has MQTT 3.1.1, QoS 0 for what it publishes, one packet a write, and no acknowledgement of messages that it receives with QoS 0.
"""

import json
import socket
import struct
import sys

KEEP_ALIVE, PATIENCE = 15, 30.0


def text(content: str) -> bytes:
    """A length of two bytes, and the text."""
    return struct.pack(">H", len(content)) + content.encode()


def packet(first: int, body: bytes) -> bytes:
    """A packet with a body below 16,384 bytes. The library sends a length of two digits only where it needs them."""
    size = len(body)
    return bytes([first, *([size] if size < 128 else [size % 128 | 128, size // 128])]) + body


def received(connection: socket.socket) -> tuple[int, bytes]:
    """The first byte and the body of a packet."""
    first, size, shift = connection.recv(1)[0], 0, 0
    while True:
        digit = connection.recv(1)[0]
        size |= (digit & 127) << shift
        if digit < 128:
            break
        shift += 7
    body = b""
    while len(body) < size:
        body += connection.recv(size - len(body))
    return first, body


def main(port: str, device: str, key: str) -> None:
    """Publish readings, and answer a command."""
    root = f"iotflow/devices/{device}"
    with socket.create_connection(("127.0.0.1", int(port)), timeout=PATIENCE) as connection:
        flags = bytes([4, 0xC2]) + struct.pack(">H", KEEP_ALIVE)
        connection.sendall(packet(0x10, text("MQTT") + flags + text("arduino") + text(device) + text(key)))
        assert received(connection) == (0x20, b"\0\0")
        connection.sendall(packet(0x82, struct.pack(">H", 2) + text(f"{root}/commands/control") + b"\0"))
        assert received(connection) == (0x90, b"\0\2\0")
        for number in range(1, 11):
            for more in (1, 2):
                reading = {"timestamp": 1_700_000_000_000 + 2 * number + more, "data": {"value": number}}
                connection.sendall(packet(0x30, text(f"{root}/telemetry") + json.dumps(reading).encode()))
        connection.sendall(b"\xc0\0")
        assert received(connection) == (0xD0, b"")
        sys.stdout.write("published\n")
        sys.stdout.flush()
        first, body = received(connection)
        assert first & 0xF0 == 0x30
        command = json.loads(body[2 + struct.unpack(">H", body[:2])[0] :])
        answer = {"command_id": command["command_id"], "state": "succeeded"}
        connection.sendall(packet(0x30, text(f"{root}/commands/ack") + json.dumps(answer).encode()))
        connection.sendall(b"\xe0\0")
    sys.stdout.write("ended\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
