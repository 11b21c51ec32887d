"""Reports the presence of devices to the server, many devices in one call."""

import asyncio
from typing import Any

import grpc

from iotflow.status_words import OFFLINE, STATUS_WORDS, status_word
from iotflow.v1.gateway_service_pb2 import ReportPresenceRequest
from iotflow.v1.gateway_service_pb2_grpc import GatewayServiceStub
from iotflow.v1.presence_pb2 import PresenceReport
from iotflow.words import Presence
from iotflow_gateway.pipeline.message import Callbacks, Message, Rejected
from iotflow_gateway.retries import TRIES, call_with_retries
from iotflow_gateway.topics import Kind

# Reports of one call.
MOST = 10_000
STATES = {Kind.HEARTBEAT: Presence.HEARTBEAT, Kind.ONLINE: Presence.ONLINE, Kind.OFFLINE: Presence.OFFLINE}

Item = tuple[Message, PresenceReport]


class PresenceHandler:
    """Each call reports all status messages that arrived during the one before."""

    def __init__(self, channel: grpc.aio.Channel, metadata: tuple[tuple[str, str], ...], callbacks: Callbacks) -> None:
        self._stub = GatewayServiceStub(channel)
        self._metadata = metadata
        self._callbacks = callbacks
        self._waiting: list[Item] = []
        self._changed = asyncio.Event()

    def handle(self, message: Message, device_id: int, content: Any) -> None:
        """Queue the report of a status message. The payload may state the status: `{"status": "online"}`, or the bare word."""
        report = PresenceReport(device_id=device_id, state=_state(message.address.kind or Kind.STATUS, content))
        report.timestamp.GetCurrentTime()
        self._waiting.append((message, report))
        self._changed.set()

    async def run(self) -> None:
        """Run until cancelled."""
        while True:
            await self._changed.wait()
            items, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            if not self._waiting:
                self._changed.clear()
            await self._report_all(items)

    async def _report_all(self, items: list[Item]) -> None:
        """Report the items in one call. If the server rejects the call, report each item in a call of its own."""
        try:
            await self._report(items)
        except Rejected as rejected:
            if len(items) == 1:
                self._callbacks.reject(items[0][0], rejected)
            else:
                for item in items:
                    await self._report_alone(item)
        for message, _ in items:
            self._callbacks.finish(message)

    async def _report_alone(self, item: Item) -> None:
        try:
            await self._report([item], tries=1)
        except Rejected as rejected:
            self._callbacks.reject(item[0], rejected)

    async def _report(self, items: list[Item], tries: int = TRIES) -> None:
        request = ReportPresenceRequest(reports=[report for _, report in items])
        answer = await call_with_retries(lambda: self._stub.ReportPresence(request, metadata=self._metadata), tries)
        for rejection in getattr(answer, "rejected", ()):
            self._callbacks.reject(items[rejection.index][0], Rejected(rejection.reason, rejection.message))


def _state(kind: Kind, content: Any) -> str:
    """The state that a status message reports. Raises Rejected if its word is not a status."""
    text = content.get("status") if isinstance(content, dict) else content
    word = status_word(text)
    if word == OFFLINE:
        # `offline` counts on every status topic: firmware with a single status topic uses it as its last will.
        return word
    if state := STATES.get(kind) or word:
        return state
    if text is None or text == "":
        return Presence.HEARTBEAT
    problem = f"The payload is not a status. Send one of {', '.join(STATUS_WORDS)}."
    raise Rejected("UNKNOWN_STATUS", problem, field="status")
