"""WebSocket between a socket and a connection: RFC 6455, with the subprotocol `mqtt`, and without compression."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from wsproto import ConnectionType
from wsproto.connection import Connection as Frames
from wsproto.connection import ConnectionState
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    RejectConnection,
    Request,
    TextMessage,
)
from wsproto.frame_protocol import CloseReason
from wsproto.handshake import H11Handshake
from wsproto.utilities import RemoteProtocolError

from iotflow.client_addresses import FORWARDED_HEADER, SECRET_HEADER, forwarded_network
from iotflow_gateway.endpoint.limits import LARGEST_REQUEST
from iotflow_gateway.endpoint.transports.layer import Layer

if TYPE_CHECKING:
    from iotflow_gateway.endpoint.connection import Connection

PATHS = ("/", "/mqtt")
# The second is that of MQTT 3.1.
SUBPROTOCOLS = ("mqtt", "mqttv3.1")
_NOT_FOUND, _BAD_REQUEST, _TOO_LARGE = 404, 400, 431


class WebSocketLayer(Layer):
    """Passes on the content of frames as it arrives: only the parser of MQTT keeps what is not complete. envoy_secret: proves that a
    request came through Envoy, which states the client's address; empty: none does."""

    def __init__(self, connection: "Connection", envoy_secret: str = "") -> None:
        super().__init__(connection)
        self._connection = connection
        self._envoy_secret = envoy_secret
        self._handshake: H11Handshake | None = H11Handshake(ConnectionType.SERVER)
        self._request_bytes = 0
        self._frames: Frames | None = None
        self._has_ended = False

    def buffer_updated(self, nbytes: int) -> None:
        data = bytes(self.get_buffer(-1)[:nbytes])
        if self._has_ended:
            return
        if self._frames:
            self._receive(self._frames, data)
        elif self._handshake:
            self._shake_hands(self._handshake, data)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._frames and self._frames.state is ConnectionState.OPEN:
            self._send(BytesMessage(bytes(data)))

    def write_eof(self) -> None:
        if self._frames and self._frames.state is ConnectionState.OPEN:
            # The client answers, and then ends the connection.
            self._send(CloseConnection(CloseReason.NORMAL_CLOSURE))
        else:
            self._has_ended = True
            self.lower.write_eof()

    def _shake_hands(self, handshake: H11Handshake, data: bytes) -> None:
        self._request_bytes += len(data)
        if self._request_bytes > LARGEST_REQUEST:
            self._refuse(handshake, _TOO_LARGE, f"a request of more than {LARGEST_REQUEST} bytes")
            return
        try:
            handshake.receive_data(data)
        except (RemoteProtocolError, ValueError) as error:
            hint = getattr(error, "event_hint", None)
            code = hint.status_code if isinstance(hint, RejectConnection) else _BAD_REQUEST
            self._refuse(handshake, code, str(error))
            return
        for event in handshake.events():
            if isinstance(event, Request):
                self._answer(handshake, event)

    def _answer(self, handshake: H11Handshake, request: Request) -> None:
        path = request.target.partition("?")[0]
        subprotocol = next((one for one in SUBPROTOCOLS if one in request.subprotocols), None)
        if path not in PATHS:
            self._refuse(handshake, _NOT_FOUND, f"there is no WebSocket at {path:.100}")
        elif subprotocol is None:
            self._refuse(handshake, _BAD_REQUEST, "the client does not offer the subprotocol mqtt")
        else:
            self._accept(handshake, request, subprotocol)

    def _accept(self, handshake: H11Handshake, request: Request, subprotocol: str) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.extra_headers}
        forwarded = forwarded_network(
            headers.get(FORWARDED_HEADER, ""), headers.get(SECRET_HEADER, ""), self._envoy_secret
        )
        if forwarded:
            self._connection.move(forwarded)
        if self._connection.is_closed:
            return
        # A page of any origin can connect on behalf of its reader.
        self._connection.must_log_in = "origin" in headers
        self.lower.write(handshake.send(AcceptConnection(subprotocol=subprotocol)))
        self._frames, self._handshake = handshake.connection, None

    def _receive(self, frames: Frames, data: bytes) -> None:
        frames.receive_data(data)
        content = b"".join(self._contents(frames.events()))
        if content:
            self._connection.receive(content)

    def _contents(self, events: Iterable[Event]) -> Iterable[bytes]:
        """The content of binary frames. Other events are answered."""
        for event in events:
            if isinstance(event, BytesMessage):
                yield bytes(event.data)
            elif isinstance(event, Ping):
                self._send(event.response())
            elif isinstance(event, TextMessage):
                # [MQTT-6.0.0-1]
                self._fail(CloseReason.UNSUPPORTED_DATA, "WebSocket: a text frame")
                return
            elif isinstance(event, CloseConnection):
                self._closed(event)
                return

    def _closed(self, event: CloseConnection) -> None:
        """Process the client's close frame, or its violation of the protocol."""
        state = self._frames.state if self._frames else ConnectionState.CLOSED
        if state is ConnectionState.OPEN:
            self._fail(event.code, f"WebSocket: {event.reason}")
            return
        if state is ConnectionState.REMOTE_CLOSING:
            self._send(event.response())
        self._has_ended = True
        self.lower.close()

    def _send(self, event: Event) -> None:
        if self._frames and self._frames.state in (ConnectionState.OPEN, ConnectionState.REMOTE_CLOSING):
            self.lower.write(self._frames.send(event))

    def _fail(self, code: int, problem: str) -> None:
        self._send(CloseConnection(code))
        self._has_ended = True
        self.reject(problem)

    def _refuse(self, handshake: H11Handshake, code: int, problem: str) -> None:
        self.lower.write(handshake.send(RejectConnection(status_code=code)))
        self._has_ended = True
        self.reject(f"WebSocket: {problem}")
