"""Topics of current and of older firmware."""

import pytest

from iotflow_gateway.topics import Topics
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
