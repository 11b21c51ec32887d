"""Topics of current and of older firmware."""

import pytest

from iotflow_gateway.topics import Address, Kind, Topics

TOPICS = {
    "a/b/devices/7/telemetry": Address(Kind.TELEMETRY, "7", "a/b/devices/7"),
    "a/b/devices/my pump/telemetry/events": Address(Kind.TELEMETRY, "my pump", "a/b/devices/my pump"),
    "a/b/devices/7/telemetry/batch": Address(Kind.BATCH, "7", "a/b/devices/7"),
    "a/b/devices/7/status/offline": Address(Kind.OFFLINE, "7", "a/b/devices/7"),
    "a/b/devices/7/commands/ack": Address(Kind.COMMAND_ACK, "7", "a/b/devices/7"),
    "a/b/devices/7/config/reported": Address(Kind.CONFIG_REPORTED, "7", "a/b/devices/7"),
    "a/b/devices/7/telemetry/": Address(None, "7", "a/b/devices/7"),
    "a/b/devices/7": Address(None, "7", "a/b/devices/7"),
    "a/b/discovery/register/pump": Address(Kind.REGISTER, "pump", ""),
    "devices/pump/telemetry": Address(Kind.TELEMETRY, "pump", "devices/pump"),
    "devices/pump/heartbeat": Address(Kind.HEARTBEAT, "pump", "devices/pump"),
    "devices/pump/status": Address(Kind.STATUS, "pump", "devices/pump"),
    "devices/pump/telemetry/sensors": Address(Kind.TELEMETRY, "pump", "devices/pump"),
    "a/b/devices/7/telemetry/any word": Address(Kind.TELEMETRY, "7", "a/b/devices/7"),
    "a/b/devices/7/telemetry/two/levels": Address(None, "7", "a/b/devices/7"),
    "devices/pump/telemetry/": Address(None, "pump", "devices/pump"),
    "anonymous/a/b/devices/7/telemetry": Address(Kind.TELEMETRY, "7", "a/b/devices/7", keyed=True),
    "anonymous/elsewhere": Address(None, "", "", keyed=True),
    "elsewhere": Address(None, "", ""),
    "": Address(None, "", ""),
}


@pytest.mark.parametrize("topic", TOPICS)
def test_meaning(topic: str) -> None:
    assert Topics("a/b").parse(topic) == TOPICS[topic]


@pytest.mark.parametrize(
    ("command", "kind"),
    [("reboot", "control"), ("update_firmware", "firmware"), ("Config.apply", "config"), ("", "control")],
)
def test_topics_of_commands(command: str, kind: str) -> None:
    below = f"commands/{kind}"
    assert Topics("p").commands(7, "pump", command) == [
        f"p/devices/7/{below}",
        "p/devices/7/commands",
        f"p/devices/pump/{below}",
        "p/devices/pump/commands",
        "devices/pump/commands",
    ]
