"""A proxy between a device and its broker that handles whole MQTT packets: it can repeat them, and cut the connection."""

import contextlib
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

PUBLISH, PUBACK = 3, 4


@dataclass(frozen=True, slots=True)
class Packet:
    """A whole packet with its fixed header."""

    raw: bytes
    body: bytes

    @property
    def type(self) -> int:
        """The type of MQTT 3.1.1."""
        return self.raw[0] >> 4

    @property
    def topic(self) -> str:
        """The topic of a PUBLISH; empty for other packets."""
        return self.body[2 : 2 + int.from_bytes(self.body[:2], "big")].decode() if self.type == PUBLISH else ""


class CutConnection(Exception):
    """Raised by a change: the connection ends, and the packet does not pass."""


Change = Callable[[Packet], list[bytes]]


def unchanged(packet: Packet) -> list[bytes]:
    """The packet as it is."""
    return [packet.raw]


class MqttProxy:
    """to_device, to_broker: what passes in place of each packet. from_device: the packets of the device that have passed."""

    def __init__(self, broker_port: int) -> None:
        self.to_device: Change = unchanged
        self.to_broker: Change = unchanged
        self.from_device: list[Packet] = []
        self.broker_port = broker_port

    def count(self, packet_type: int, topic_end: str = "") -> int:
        """Number of packets of a type that the device has sent, to topics that end so."""
        return sum(one.type == packet_type and one.topic.endswith(topic_end) for one in list(self.from_device))

    def handle(self, device: socket.socket) -> None:
        """Pass packets until a side ends or a change cuts the connection."""
        try:
            broker = socket.create_connection(("127.0.0.1", self.broker_port))
        except OSError:
            return
        with broker:
            back = threading.Thread(target=self._pump, args=(broker, device, lambda packet: self.to_device(packet)))
            back.start()
            self._pump(device, broker, self._to_broker)
            back.join()

    def _to_broker(self, packet: Packet) -> list[bytes]:
        passing = self.to_broker(packet)
        self.from_device.append(packet)
        return passing

    @staticmethod
    def _pump(source: socket.socket, sink: socket.socket, change: Change) -> None:
        with contextlib.suppress(OSError, EOFError, CutConnection), source.makefile("rb") as stream:
            while True:
                for data in change(_read(stream)):
                    sink.sendall(data)
        for side in (source, sink):
            with contextlib.suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)


def _read(stream: BinaryIO) -> Packet:
    """The next packet. Raises EOFError at the end."""
    header, size, shift = _exactly(stream, 1), 0, 0
    while True:
        header += _exactly(stream, 1)
        size |= (header[-1] & 127) << shift
        shift += 7
        if header[-1] < 128:
            body = _exactly(stream, size)
            return Packet(header + body, body)


def _exactly(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data


@contextmanager
def mqtt_proxy(port: int, broker_port: int) -> Iterator[MqttProxy]:
    """Listen on a loopback port."""
    proxy = MqttProxy(broker_port)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            proxy.handle(self.request)

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    with Server(("127.0.0.1", port), Handler) as server:
        serving = threading.Thread(target=server.serve_forever, daemon=True)
        serving.start()
        yield proxy
        server.shutdown()
        serving.join()
