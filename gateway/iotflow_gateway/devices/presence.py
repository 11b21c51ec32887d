"""Devices that come, go, or give a sign of life, told to the server many at a time."""

import asyncio
from collections.abc import Callable
from typing import Any

import grpc

from iotflow.status_words import OFFLINE, STATUS_WORDS, status_word
from iotflow.v1.gateway_service_pb2 import PresenceReport, ReportPresenceRequest
from iotflow.v1.gateway_service_pb2_grpc import GatewayServiceStub
from iotflow.words import Presence as Report
from iotflow_gateway.devices.grouped_calls import persistently
from iotflow_gateway.failures import TRIES
from iotflow_gateway.pipeline.message import Message
from iotflow_gateway.rejections.rejected import Rejected
from iotflow_gateway.topics import Kind

MOST = 10_000
Told = list[tuple[Message, PresenceReport]]
STATES = {Kind.HEARTBEAT: Report.HEARTBEAT, Kind.ONLINE: Report.ONLINE, Kind.OFFLINE: Report.OFFLINE}


class Presence:
    """The next call takes all that has come. refused, finished: called with what becomes of a message."""

    def __init__(
        self,
        channel: grpc.aio.Channel,
        metadata: tuple[tuple[str, str], ...],
        refused: Callable[[Message, Rejected], None],
        finished: Callable[[Message], None],
    ) -> None:
        self._stub = GatewayServiceStub(channel)
        self._metadata = metadata
        self._refused = refused
        self._finished = finished
        self._waiting: list[tuple[Message, PresenceReport]] = []
        self._news = asyncio.Event()

    def handle(self, message: Message, device_id: int, content: Any) -> None:
        """Status topics; what they mean, a payload may say too: `{"status": "online"}`, or the bare word."""
        report = PresenceReport(device_id=device_id, state=_state(message.address.kind or Kind.STATUS, content))
        report.timestamp.GetCurrentTime()
        self._waiting.append((message, report))
        self._news.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._news.wait()
            told, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            if not self._waiting:
                self._news.clear()
            await self._tell(told)

    async def _tell(self, told: Told) -> None:
        """All of them by one call or, where the server does not take that, one at a time: one must not stop the others."""
        try:
            await self._report(told)
        except Rejected as refused:
            if len(told) == 1:
                self._refused(told[0][0], refused)
            else:
                for one in told:
                    await self._tell_alone(one)
        for message, _ in told:
            self._finished(message)

    async def _tell_alone(self, one: tuple[Message, PresenceReport]) -> None:
        try:
            await self._report([one], tries=1)
        except Rejected as refused:
            self._refused(one[0], refused)

    async def _report(self, told: Told, tries: int = TRIES) -> None:
        request = ReportPresenceRequest(reports=[report for _, report in told])
        answer = await persistently(lambda: self._stub.ReportPresence(request, metadata=self._metadata), tries)
        for item in getattr(answer, "rejected", ()):
            self._refused(told[item.index][0], Rejected(item.reason, item.message))


def _state(kind: Kind, content: Any) -> str:
    """What a message on a status topic says. Raises Refused where its word is none."""
    said = content.get("status") if isinstance(content, dict) else content
    word = status_word(said)
    if word == OFFLINE:
        # Also on a topic that has another name: it is the last will of a firmware with one status topic.
        return word
    if state := STATES.get(kind) or word:
        return state
    if said is None or said == "":
        return Report.HEARTBEAT
    raise Rejected("UNKNOWN_STATUS", f"a status is one of {', '.join(STATUS_WORDS)}", field="status")
