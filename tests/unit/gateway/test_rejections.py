"""The number of errors published to a device is bounded, and clients without a key cannot use up its share."""

import asyncio
import time
from typing import Any

import grpc
import orjson
import pytest
from structlog.testing import capture_logs

from iotflow.v1.mqtt_service_pb2 import ReportRejectionsResponse
from iotflow.v1.mqtt_service_pb2_grpc import MqttServiceServicer, add_MqttServiceServicer_to_server
from iotflow_gateway import rejections
from iotflow_gateway.metrics import GatewayMetrics
from iotflow_gateway.pipeline.message import Message, Rejected
from iotflow_gateway.rejections import (
    LONGEST,
    MOST_OF_A_DEVICE,
    MOST_OF_A_MESSAGE,
    MOST_WITHOUT_KEY,
    RejectionPublisher,
    RejectionReports,
)
from iotflow_gateway.topics import Topics

TOPIC = "iotflow/devices/7/telemetry"
REJECTED = Rejected("WRONG_KEY", "No device has this key.", field="api_key")


async def test_errors_of_messages_without_a_key_do_not_displace_the_devices_own() -> None:
    published: list[str] = []

    def publish(topic: str, _payload: bytes) -> bool:
        published.append(topic)
        return True

    reports = RejectionReports(grpc.aio.insecure_channel("127.0.0.1:1"), ())
    topics, publisher = Topics("iotflow"), RejectionPublisher(publish, GatewayMetrics(), reports)
    for number in range(10 * MOST_OF_A_DEVICE):
        publisher.reject(Message(TOPIC, topics.keyed(TOPIC), b"{}", number, 1), REJECTED)
    assert published == ["iotflow/devices/7/errors"] * MOST_WITHOUT_KEY
    for number in range(2 * MOST_OF_A_DEVICE):
        publisher.reject(Message(TOPIC, topics.parse(TOPIC), b"{}", number, 1), REJECTED)
    assert len(published) == MOST_WITHOUT_KEY + MOST_OF_A_DEVICE
    published.clear()
    own = Message(TOPIC, topics.keyed(TOPIC), b"{}", 0, 1, device_id=7)
    publisher.reject(own, REJECTED)
    assert not published, "a message with a valid key must count for the device's own share"


PATIENCE = 5.0


class Counting(GatewayMetrics):
    """unpublished: number of errors that were not published. rejected: the counted reasons."""

    def __init__(self) -> None:
        super().__init__()
        self.unpublished = 0
        self.rejected: list[str] = []

    def record_unpublished_error(self) -> None:
        self.unpublished += 1

    def record_rejected(self, reason: str) -> None:
        self.rejected.append(reason)


class Rejecting:
    """A publisher, and what it published. accepts: whether the broker takes an error."""

    def __init__(self, *, accepts: bool = True) -> None:
        self.published: list[dict[str, Any]] = []
        self.metrics = Counting()
        self._accepts = accepts
        reports = RejectionReports(grpc.aio.insecure_channel("127.0.0.1:1"), ())
        self.publisher = RejectionPublisher(self._publish, self.metrics, reports)

    def _publish(self, topic: str, payload: bytes) -> bool:
        self.published.append({"to": topic, **orjson.loads(payload)})
        return self._accepts


def message(topic: str = TOPIC) -> Message:
    return Message(topic, Topics("iotflow").parse(topic), b"{}", 1, 1)


async def test_a_message_has_errors_up_to_the_limit_and_all_are_counted() -> None:
    one, rejecting = message(), Rejecting()
    for _ in range(MOST_OF_A_MESSAGE + 3):
        rejecting.publisher.reject(one, REJECTED)
    assert len(rejecting.published) == MOST_OF_A_MESSAGE
    assert len(rejecting.metrics.rejected) == one.rejections == MOST_OF_A_MESSAGE + 3
    rejecting.publisher.reject(message(), REJECTED)
    assert len(rejecting.published) == MOST_OF_A_MESSAGE + 1


async def test_an_error_names_the_message_and_the_reading() -> None:
    one, rejecting, before = message(), Rejecting(), round(time.time() * 1_000)
    one.message_id, one.item_ids, one.correlation = "whole", {3: "third"}, b"\x01\xff"
    rejecting.publisher.reject(one, Rejected("WRONG", "Text.", field="data.t", index=3, retryable=True))
    rejecting.publisher.reject(one, Rejected("WRONG", "Text.", index=4))
    rejecting.publisher.reject(one, REJECTED)
    for error in rejecting.published:
        assert before <= error.pop("timestamp") <= round(time.time() * 1_000)
    common = {"to": "iotflow/devices/7/errors", "topic": TOPIC, "correlation": "01ff"}
    wrong = {"reason": "WRONG", "message": "Text."}
    assert rejecting.published == [
        common | wrong | {"retryable": True, "message_id": "third", "field": "[3].data.t"},
        common | wrong | {"retryable": False, "message_id": "whole", "field": "[4]"},
        common
        | {"reason": "WRONG_KEY", "message": REJECTED.message, "retryable": False}
        | {"message_id": "whole", "field": "api_key"},
    ]


async def test_texts_of_a_device_are_shortened_to_the_limit() -> None:
    one, rejecting = message(), Rejecting()
    one.message_id = "i" * (LONGEST + 1)
    rejecting.publisher.reject(one, Rejected("R", "m" * (LONGEST + 1), field="f" * (LONGEST + 1)))
    (error,) = rejecting.published
    assert [len(error[name]) for name in ("message", "message_id", "field")] == [LONGEST] * 3
    assert "correlation" not in error


async def test_a_notice_is_published_and_not_counted_as_a_rejection() -> None:
    rejecting = Rejecting()
    with capture_logs() as lines:
        rejecting.publisher.reject(message(), Rejected("ROUNDED", "Text.", is_notice=True))
    assert [error["reason"] for error in rejecting.published] == ["ROUNDED"]
    assert (rejecting.metrics.rejected, lines) == ([], [])


async def test_a_rejection_without_a_device_is_counted_and_not_published() -> None:
    rejecting = Rejecting()
    rejecting.publisher.reject(message("elsewhere"), REJECTED)
    assert (rejecting.published, rejecting.metrics.rejected) == ([], ["WRONG_KEY"])
    assert rejecting.metrics.unpublished == 0


async def test_an_error_that_the_broker_does_not_take_is_counted() -> None:
    rejecting = Rejecting(accepts=False)
    rejecting.publisher.reject(message(), REJECTED)
    assert rejecting.metrics.unpublished == 1


async def test_a_device_has_its_whole_share_again_after_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("iotflow.log_limits.time.monotonic", lambda: now[0])
    rejecting = Rejecting()
    for seconds in (0.0, 9.9, 0.1):
        now[0] += seconds
        rejecting.published.clear()
        for _ in range(MOST_OF_A_DEVICE + 1):
            rejecting.publisher.reject(message(), REJECTED)
        assert len(rejecting.published) == (0 if seconds == 9.9 else MOST_OF_A_DEVICE)
    assert rejecting.metrics.unpublished == MOST_OF_A_DEVICE + 3


async def test_the_log_has_the_counts_since_the_line_before(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("iotflow.log_limits.time.monotonic", lambda: now[0])
    rejecting = Rejecting()
    with capture_logs() as lines:
        for seconds, reason in ((0, "A"), (1, "A"), (1, "B"), (8, "B")):
            now[0] += seconds
            rejecting.publisher.reject(message(), Rejected(reason, "m" * (LONGEST + 1)))
    assert [line["reasons"] for line in lines] == [{"A": 1}, {"A": 1, "B": 2}]
    assert {len(line["problem"]) for line in lines} == {LONGEST}


class Server(MqttServiceServicer):
    """Records the counts that are reported. refusals: number of reports that it rejects first."""

    def __init__(self, refusals: int = 0) -> None:
        self.reports: asyncio.Queue[dict[str, int]] = asyncio.Queue()
        self._refusals = refusals

    async def ReportRejections(self, request: Any, context: Any) -> ReportRejectionsResponse:
        self.reports.put_nowait(dict(request.counts))
        if self._refusals:
            self._refusals -= 1
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "too many reasons")
        return ReportRejectionsResponse()


async def test_counts_are_reported_together_and_the_rejection_of_a_report_ends_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rejections, "REPORT_SECONDS", 0.001)
    server, running = Server(refusals=1), grpc.aio.server()  # type: ignore[abstract]
    add_MqttServiceServicer_to_server(server, running)
    port = running.add_insecure_port("127.0.0.1:0")
    await running.start()
    async with asyncio.timeout(PATIENCE), grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        reports = RejectionReports(channel, ())
        task = asyncio.create_task(reports.run())
        with capture_logs() as lines:
            for reason in ("A", "B", "A"):
                reports.record(reason)
            assert await server.reports.get() == {"A": 2, "B": 1}
            reports.record("C")
            assert await server.reports.get() == {"C": 1}
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await running.stop(None)
    assert [(line["event"], line["problem"]) for line in lines] == [("rejections_not_reported", "too many reasons")]
