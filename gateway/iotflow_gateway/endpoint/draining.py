"""The end of the endpoint: messages that have arrived are acknowledged, and then clients are sent away."""

import asyncio
from collections.abc import Callable

import structlog

from iotflow_gateway.endpoint.connections import Connections
from iotflow_gateway.endpoint.limits import DRAIN_SECONDS
from iotflow_gateway.endpoint.reading import Hold
from iotflow_gateway.mqtt import Properties, ReasonCode

log = structlog.get_logger(__name__)


class Draining:
    """waiting: number of messages that are not acknowledged. server_reference: another endpoint, for clients of MQTT 5; empty: none."""

    def __init__(self, connections: Connections, waiting: Callable[[], int], server_reference: str) -> None:
        self._connections = connections
        self._waiting = waiting
        self._server_reference = server_reference
        self._finished = asyncio.Event()
        # Whether the endpoint stops.
        self.has_begun = False

    async def run(self) -> None:
        """Read nothing more, and wait until all messages are acknowledged, for DRAIN_SECONDS at most."""
        self.has_begun = True
        for connection in self._connections:
            connection.hold(Hold.DRAINING)
        self.record_finished()
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                await self._finished.wait()
        except TimeoutError:
            problem = (
                f"messages were not acknowledged within {DRAIN_SECONDS:.0f} seconds; their clients send them again"
            )
            log.warning("drain_incomplete", problem=problem, messages=self._waiting())

    def record_finished(self) -> None:
        """Record that a message is acknowledged."""
        if not self._waiting():
            self._finished.set()

    def end_connections(self) -> None:
        """Close all connections. Their clients find the reason in DISCONNECT (MQTT 5, 4.11)."""
        code, properties = ReasonCode.SERVER_SHUTTING_DOWN, Properties()
        if self._server_reference:
            code, properties = ReasonCode.USE_ANOTHER_SERVER, {"server_reference": self._server_reference}
        for connection in self._connections:
            connection.close("the endpoint stops", code, properties)
