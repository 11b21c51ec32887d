"""Counts refusals at the server, where a person who asks for MQTT's status finds them."""

import asyncio
from collections import Counter

import grpc
import structlog

from iotflow.v1.mqtt_service_pb2 import ReportRefusalsRequest
from iotflow.v1.mqtt_service_pb2_grpc import MqttServiceStub
from iotflow_gateway.devices.grouped_calls import persistently
from iotflow_gateway.rejections.rejected import Rejected

log = structlog.get_logger(__name__)

# Between two reports: however many are refused, each takes one call.
BETWEEN_SECONDS = 1.0


class RejectionReports:
    """What was counted when the adapter ends is reported no more."""

    def __init__(self, channel: grpc.aio.Channel, metadata: tuple[tuple[str, str], ...]) -> None:
        self._stub = MqttServiceStub(channel)
        self._metadata = metadata
        self._counted: Counter[str] = Counter()
        self._news = asyncio.Event()

    def count(self, reason: str) -> None:
        """One more."""
        self._counted[reason] += 1
        self._news.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._news.wait()
            await asyncio.sleep(BETWEEN_SECONDS)
            self._news.clear()
            request = ReportRefusalsRequest(counts=self._counted)
            self._counted = Counter()
            try:
                await persistently(lambda: self._stub.ReportRefusals(request, metadata=self._metadata))  # noqa: B023
            except Rejected as refused:
                log.warning("refusals_not_counted", problem=refused.message)
