"""Mosquitto's access control list follows the grammar of the topics."""

from pathlib import Path

import pytest

from iotflow.mqtt_topics import BELOW_DEVICE, BELOW_OLDER, TopicGrammar
from iotflow.topic_names import ANONYMOUS
from iotflow_cli.mosquitto.acl import access_rules
from iotflow_cli.mosquitto.broker import SHIPPED, Mosquitto

DEVICE = "pump"


@pytest.fixture(scope="module")
def lines() -> list[str]:
    """The list of a Mosquitto that lets clients without a login publish."""
    return access_rules("p", anonymous=True).splitlines()


def allowed(lines: list[str], start: str) -> list[str]:
    """The filters of the rules with this beginning, for DEVICE."""
    found = [line.removeprefix(start) for line in lines if line.startswith(start)]
    return [one.replace("%u", DEVICE).replace("devices/+/", f"devices/{DEVICE}/") for one in found]


def matches(topic: str, topic_filter: str) -> bool:
    """Whether a filter of MQTT matches the topic."""
    levels, wanted = topic.split("/"), topic_filter.split("/")
    if wanted[-1] == "#":
        levels, wanted = levels[: len(wanted) - 1], wanted[:-1]
    return len(levels) == len(wanted) and all(one in ("+", level) for level, one in zip(levels, wanted, strict=True))


def test_the_shipped_file_is_the_list_of_the_default_prefix() -> None:
    assert (SHIPPED / "acl").read_text() == access_rules("iotflow"), "run python -m iotflow_cli.mosquitto.acl iotflow"


@pytest.mark.parametrize(("root", "below"), [("p/devices", BELOW_DEVICE), ("devices", BELOW_OLDER)])
def test_a_device_may_publish_to_its_topics(lines: list[str], root: str, below: dict[str, object]) -> None:
    for rest in (*below, "telemetry/any word"):
        topic = f"{root}/{DEVICE}/{rest}"
        assert TopicGrammar("p").parse(topic).kind is not None
        assert any(matches(topic, one) for one in allowed(lines, "pattern write "))
        assert any(matches(ANONYMOUS + topic, one) for one in allowed(lines, "topic write "))


@pytest.mark.parametrize("rest", ["commands/control", "config", "errors", "commands"])
def test_a_device_may_not_publish_to_the_topics_of_the_adapter(lines: list[str], rest: str) -> None:
    for root in ("p/devices", "devices"):
        topic = f"{root}/{DEVICE}/{rest}"
        assert TopicGrammar("p").parse(topic).kind is None
        rules = allowed(lines, "pattern write ") + allowed(lines, "topic write ")
        assert not any(matches(start + topic, one) for one in rules for start in ("", ANONYMOUS))


def test_rules_of_clients_without_a_login_come_before_any_user(lines: list[str]) -> None:
    """After the name of a user they would apply to that user; and such clients receive nothing."""
    first_user = next(number for number, line in enumerate(lines) if line.startswith("user "))
    assert all(number < first_user for number, line in enumerate(lines) if ANONYMOUS in line)
    assert all(line.startswith("topic write") for line in lines[: first_user - 1] if not line.startswith("#"))


def test_the_shipped_file_has_no_rule_for_them() -> None:
    assert ANONYMOUS not in (SHIPPED / "acl").read_text()


def test_a_broker_of_our_own_gets_the_list_of_its_prefix(tmp_path: Path) -> None:
    Mosquitto(tmp_path, "127.0.0.1", 1883, "plant 1/line", anonymous=True, anonymous_port=1884).prepare()
    wanted = access_rules("plant 1/line", registration=True, anonymous=True)
    assert (tmp_path / "acl").read_text() == wanted
