"""The addresses at which clients connect, each with its layers."""

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from iotflow_gateway.endpoint.transports.certificates import Certificates
from iotflow_gateway.endpoint.transports.handshakes import Handshakes
from iotflow_gateway.endpoint.transports.tls import TlsLayer
from iotflow_gateway.endpoint.transports.websocket import WebSocketLayer

if TYPE_CHECKING:
    from iotflow_gateway.endpoint.connection import Connection

# Connections that the system holds until they are accepted: a fleet connects at once.
BACKLOG = 4_096


@dataclass(frozen=True, slots=True)
class Listener:
    """certificates: for TLS; None: without. envoy_secret: of the Envoy that passes WebSockets on; empty: there is none."""

    host: str
    port: int
    certificates: Certificates | None = None
    is_websocket: bool = False
    envoy_secret: str = ""

    @property
    def address(self) -> str:
        """The URL, for the log."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'ws' if self.is_websocket else 'mqtt'}{'s' if self.certificates else ''}://{host}:{self.port}"

    async def open(self, make_connection: "Callable[[], Connection]") -> asyncio.Server:
        """Accept connections. Raises OSError."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        is_dual = self.host == "::" and socket.has_dualstack_ipv6()
        listening = socket.create_server((self.host, self.port), family=family, dualstack_ipv6=is_dual)
        handshakes = Handshakes()
        server = await asyncio.get_running_loop().create_server(
            lambda: self._with_layers(make_connection(), handshakes), sock=listening
        )
        # The event loop also accepts as many connections in a row as its own backlog has, for which the default is enough.
        listening.listen(BACKLOG)
        return server

    def check(self) -> None:
        """Use a certificate that has changed for the next connections."""
        if self.certificates:
            self.certificates.refresh()

    def _with_layers(self, connection: "Connection", handshakes: Handshakes) -> asyncio.BufferedProtocol:
        """The protocol of the socket."""
        upper = WebSocketLayer(connection, self.envoy_secret) if self.is_websocket else connection
        return TlsLayer(self.certificates.context, handshakes, upper) if self.certificates else upper
