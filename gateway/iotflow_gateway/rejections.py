"""Reports rejections: to the device on its error topic, to the server's counters, in the metrics and in the log."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable

import grpc
import orjson
import structlog

from iotflow.log_limits import Interval
from iotflow.v1.mqtt_service_pb2 import ReportRejectionsRequest
from iotflow.v1.mqtt_service_pb2_grpc import MqttServiceStub
from iotflow_gateway.metrics import GatewayMetrics
from iotflow_gateway.pipeline.message import Message, Rejected
from iotflow_gateway.retries import call_with_retries

log = structlog.get_logger(__name__)

# Errors published for one message.
MOST_OF_A_MESSAGE = 20
# Errors published to one device in ten seconds: they use the broker's memory until the device's sessions receive them.
MOST_OF_A_DEVICE = 200
# Errors published in ten seconds for messages without a login or a valid key. They must not displace the device's own errors.
MOST_WITHOUT_KEY = 20
# Characters of a text that came from the device: a broker disconnects a client that sends a larger packet than it accepts.
LONGEST = 1_000
# Between two reports to the server; each report takes one call, whatever the number of rejections.
REPORT_SECONDS = 1.0


class RejectionReports:
    """Counts rejections and reports the counts to the server. Counts that are not reported when the adapter ends are lost."""

    def __init__(self, channel: grpc.aio.Channel, metadata: tuple[tuple[str, str], ...]) -> None:
        self._stub = MqttServiceStub(channel)
        self._metadata = metadata
        self._counts: Counter[str] = Counter()
        self._changed = asyncio.Event()

    def record(self, reason: str) -> None:
        """Count a rejection."""
        self._counts[reason] += 1
        self._changed.set()

    async def run(self) -> None:
        """Run until cancelled."""
        while True:
            await self._changed.wait()
            await asyncio.sleep(REPORT_SECONDS)
            self._changed.clear()
            request = ReportRejectionsRequest(counts=self._counts)
            self._counts = Counter()
            try:
                await call_with_retries(lambda: self._stub.ReportRejections(request, metadata=self._metadata))  # noqa: B023
            except Rejected as rejected:
                log.warning("rejections_not_reported", problem=rejected.message)


class RejectionPublisher:
    """publish: sends a payload to a topic; False: it could not be sent."""

    def __init__(
        self, publish: Callable[[str, bytes], bool], metrics: GatewayMetrics, reports: RejectionReports
    ) -> None:
        self._publish = publish
        self._metrics = metrics
        self._reports = reports
        self._unlogged: Counter[str] = Counter()
        self._between_lines = Interval()
        # Errors in the current interval, by topic and by whether the publisher is known to be the device.
        self._published: Counter[tuple[str, bool]] = Counter()
        self._between_shares = Interval()

    def reject(self, message: Message, rejected: Rejected) -> None:
        """Report the rejection of a message, or of a part of it."""
        message.rejections += 1
        if not rejected.is_notice:
            message.rejected = message.rejected or rejected
            self._metrics.record_rejected(rejected.reason)
            self._reports.record(rejected.reason)
            self._log(message, rejected)
        if not message.address.root or message.rejections > MOST_OF_A_MESSAGE:
            return
        if not (self._is_within_share(message) and self._publish(message.address.errors, _document(message, rejected))):
            self._metrics.record_unpublished_error()

    def _is_within_share(self, message: Message) -> bool:
        if self._between_shares.passed():
            self._published.clear()
        is_own = not message.address.keyed or bool(message.device_id)
        share = (message.address.errors, is_own)
        self._published[share] += 1
        return self._published[share] <= (MOST_OF_A_DEVICE if is_own else MOST_WITHOUT_KEY)

    def _log(self, message: Message, rejected: Rejected) -> None:
        """Log the first rejection of an interval, with the counts since the line before."""
        self._unlogged[rejected.reason] += 1
        if self._between_lines.passed():
            log.warning(
                "message_rejected",
                reasons=dict(self._unlogged),
                topic=message.topic[:LONGEST],
                problem=rejected.message[:LONGEST],
            )
            self._unlogged.clear()


def _message_id(message: Message, rejected: Rejected) -> str:
    """The id of the reading at fault, or else of the message."""
    own = None if rejected.index is None else message.item_ids.get(rejected.index)
    return own or message.message_id


def _document(message: Message, rejected: Rejected) -> bytes:
    fields = {
        "reason": rejected.reason,
        "message": rejected.message[:LONGEST],
        "retryable": rejected.retryable,
        "topic": message.topic,
        "message_id": _message_id(message, rejected)[:LONGEST],
        "field": rejected.path[:LONGEST],
        "timestamp": round(time.time() * 1_000),
    }
    return orjson.dumps(fields | ({"correlation": message.correlation.hex()} if message.correlation else {}))
