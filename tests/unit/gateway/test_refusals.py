"""What a device hears of refusals is bounded, and no stranger can use up its share."""

from iotflow_gateway.metrics import Metrics
from iotflow_gateway.pipeline.message import Message
from iotflow_gateway.rejections.error_topics import MOST_OF_A_DEVICE, MOST_WITHOUT_KEY, ErrorTopics
from iotflow_gateway.rejections.rejected import Rejected
from iotflow_gateway.topics import Topics

TOPIC = "iotflow/devices/7/telemetry"
REFUSED = Rejected("WRONG_KEY", "no device has this key", field="api_key")


def test_refusals_of_messages_without_a_key_do_not_crowd_out_the_devices_own() -> None:
    published: list[str] = []

    def publish(topic: str, _payload: bytes) -> bool:
        published.append(topic)
        return True

    topics, refusals = Topics("iotflow"), ErrorTopics(publish, Metrics(), lambda _reason: None)
    for number in range(10 * MOST_OF_A_DEVICE):
        refusals.tell(Message(TOPIC, topics.keyed(TOPIC), b"{}", number, 1), REFUSED)
    assert published == ["iotflow/devices/7/errors"] * MOST_WITHOUT_KEY
    for number in range(2 * MOST_OF_A_DEVICE):
        refusals.tell(Message(TOPIC, topics.parse(TOPIC), b"{}", number, 1), REFUSED)
    assert len(published) == MOST_WITHOUT_KEY + MOST_OF_A_DEVICE
    published.clear()
    own = Message(TOPIC, topics.keyed(TOPIC), b"{}", 0, 1, device_id=7)
    refusals.tell(own, REFUSED)
    assert not published, "a key that was shown counts for the device's own share"
