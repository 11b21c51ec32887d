"""A WebSocket client of the tests, for JSON at the REST port."""

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

PATIENCE = 20.0
PATH = "/api/v1/ws"

ANSWERS = ("receipt", "error", "subscribed", "unsubscribed")

Message = dict[str, Any]
Headers = Mapping[str, str] | Sequence[tuple[str, str]]


class JsonClient:
    """A connection, which is not read while nothing is awaited, with the messages that arrived and were not asked for."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._ids = itertools.count(1)
        self._messages: list[Message] = []

    def send(self, message: str | bytes | Message) -> None:
        """Send a message, or a text that is none."""
        self._connection.send(json.dumps(message) if isinstance(message, dict) else message)

    def receive(self, kind: str = "", within: float = PATIENCE) -> Message:
        """The next message of this type; of any type without one. Raises ConnectionClosed and TimeoutError."""
        found = next((message for message in self._messages if kind in ("", message["type"])), None)
        if found:
            self._messages.remove(found)
            return found
        while True:
            message: Message = json.loads(self._connection.recv(within))
            if kind in ("", message["type"]):
                return message
            self._messages.append(message)

    def ask(self, message: Message) -> Message:
        """Send a message, and wait for the answer with its id, which is chosen where the message has none."""
        message = {"id": next(self._ids), **message}
        self.send(message)
        while True:
            answer: Message = json.loads(self._connection.recv(PATIENCE))
            # Events have the id of their subscription too.
            if answer.get("id") == message["id"] and answer["type"] in ANSWERS:
                return answer
            self._messages.append(answer)

    def wait_for_end(self, within: float = PATIENCE) -> tuple[int | None, str]:
        """Wait until the connection is closed; the code and the reason of the close frame, or None without one."""
        try:
            while True:
                self._connection.recv(within)
        except ConnectionClosed as closed:
            return (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (None, "")

    def break_off(self) -> None:
        """End the connection without a close frame."""
        self._connection.socket.close()


@contextmanager
def json_client(rest: str, headers: Headers | None = None, path: str = PATH) -> Iterator[JsonClient]:
    """A connection to the service at this URL. headers: of the handshake. Raises InvalidStatus."""
    url = f"{rest.replace('http', 'ws', 1)}{path}"
    with connect(url, additional_headers=headers, proxy=None, max_size=None, compression=None) as connection:
        yield JsonClient(connection)


@contextmanager
def logged_in(rest: str, headers: Mapping[str, str]) -> Iterator[JsonClient]:
    """A connection with the credentials in the headers, after its welcome."""
    with json_client(rest, headers) as client:
        assert client.receive()["type"] == "welcome"
        yield client
