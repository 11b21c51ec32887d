"""The number of errors published to a device is bounded, and clients without a key cannot use up its share."""

import grpc

from iotflow_gateway.metrics import GatewayMetrics
from iotflow_gateway.pipeline.message import Message, Rejected
from iotflow_gateway.rejections import (
    MOST_OF_A_DEVICE,
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
