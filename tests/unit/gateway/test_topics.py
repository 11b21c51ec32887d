"""Topics of current and of older firmware."""

import pytest

from iotflow_gateway.topics import Address, Kind, Topics
from tests.unit.gateway.topic_table import TOPICS


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_has_its_address(topic: str) -> None:
    assert Topics("a/b").parse(topic) == TOPICS[topic]


@pytest.mark.parametrize(
    ("command", "kind"),
    [("reboot", "control"), ("update_firmware", "firmware"), ("Config.apply", "config"), ("", "control")],
)
def test_a_command_has_its_topics(command: str, kind: str) -> None:
    below = f"commands/{kind}"
    assert Topics("p").commands(7, "pump", command) == [
        f"p/devices/7/{below}",
        "p/devices/7/commands",
        f"p/devices/pump/{below}",
        "p/devices/pump/commands",
        "devices/pump/commands",
    ]


def test_the_heartbeat_of_a_login_is_one_of_its_device() -> None:
    topics = Topics("a/b")
    assert topics.heartbeat("pump") == "a/b/devices/pump/status/heartbeat"
    assert topics.parse(topics.heartbeat("pump")) == Address(Kind.HEARTBEAT, "pump", "a/b/devices/pump")
