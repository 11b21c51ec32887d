"""paho's client, driven by the event loop instead of a thread."""

import asyncio
import ssl
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as paho

# Packets that are read in a row before other work of the event loop.
PACKETS_AT_ONCE = 100


class LoopClient:
    """Reads and writes the socket of a client. is_closed: whether the connection has ended.

    packets: number of packets that the client has processed. is_paused: whether nothing is read.
    """

    def __init__(self, client: paho.Client, is_closed: Callable[[], bool]) -> None:
        self._client = client
        self._is_closed = is_closed
        self._loop = asyncio.get_running_loop()
        self.packets = 0
        self.is_paused = False
        client.on_socket_register_write = self._want_write
        client.on_socket_unregister_write = self._remove_writer
        client.on_socket_close = self._socket_closed

    @property
    def socket(self) -> Any:
        """The client's socket."""
        return self._client.socket()

    def start(self) -> None:
        """Read the socket, which is connected."""
        self._loop.add_reader(self.socket, self._read)
        self._client.loop_write()

    def record_packet(self) -> None:
        """Record that the client has processed a packet; called by each of its callbacks."""
        self.packets += 1

    def pause(self) -> None:
        """Read nothing until resume() is called."""
        if not self.is_paused:
            self.is_paused = True
            self._loop.remove_reader(self.socket)

    def resume(self) -> None:
        """Read again."""
        if self.is_paused and not self._is_closed():
            self.is_paused = False
            self._loop.add_reader(self.socket, self._read)
            self._loop.call_soon(self._read)

    def _read(self) -> None:
        """Read the packets that have arrived, at most PACKETS_AT_ONCE of them; paho reads one for each call."""
        for _ in range(PACKETS_AT_ONCE):
            before = self.packets
            if self.is_paused or self._is_closed():
                return
            self._client.loop_read()
            if self.packets == before and not self._has_decrypted():
                return
        self._loop.call_soon(self._read)

    def _has_decrypted(self) -> bool:
        """Whether TLS holds decrypted bytes, for which the socket does not become readable."""
        sock = self.socket
        return isinstance(sock, ssl.SSLSocket) and sock.pending() > 0

    def _want_write(self, _client: object, _data: object, sock: Any) -> None:
        # The client connects in a thread.
        self._loop.call_soon_threadsafe(self._write_when_possible, sock)

    def _remove_writer(self, _client: object, _data: object, sock: Any) -> None:
        self._loop.remove_writer(sock)

    def _write_when_possible(self, sock: Any) -> None:
        if self.socket is sock and self._client.want_write():
            self._loop.add_writer(sock, self._client.loop_write)

    def _socket_closed(self, _client: object, _data: object, sock: Any) -> None:
        self._loop.remove_reader(sock)
        self._loop.remove_writer(sock)
