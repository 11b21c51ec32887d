"""Mosquitto's rules say what the grammar of topics says."""

import pytest

from iotflow.mqtt_topics import BELOW_DEVICE, BELOW_OLDER, TopicGrammar
from iotflow.topic_names import ANONYMOUS
from iotflow_cli.mosquitto.broker import ACL, Mosquitto

DEVICE = "pump"


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Of the ACL of a Mosquitto that lets clients without a login publish."""
    folder = tmp_path_factory.mktemp("acl")
    Mosquitto(folder, "127.0.0.1", 1883, "p", anonymous=False, anonymous_port=1884).prepare()
    return (folder / "acl").read_text().splitlines()


def allowed(lines: list[str], start: str) -> list[str]:
    """The filters of the rules that begin so, for DEVICE."""
    found = [line.removeprefix(start) for line in lines if line.startswith(start)]
    return [one.replace("%u", DEVICE).replace("devices/+/", f"devices/{DEVICE}/") for one in found]


def matches(topic: str, topic_filter: str) -> bool:
    """As MQTT has it."""
    levels, wanted = topic.split("/"), topic_filter.split("/")
    if wanted[-1] == "#":
        levels, wanted = levels[: len(wanted) - 1], wanted[:-1]
    return len(levels) == len(wanted) and all(one in ("+", level) for level, one in zip(levels, wanted, strict=True))


@pytest.mark.parametrize(("root", "below"), [("p/devices", BELOW_DEVICE), ("devices", BELOW_OLDER)])
def test_what_a_device_publishes_is_let_through(lines: list[str], root: str, below: dict[str, object]) -> None:
    for rest in (*below, "telemetry/any word"):
        topic = f"{root}/{DEVICE}/{rest}"
        assert TopicGrammar("p").parse(topic).kind is not None
        assert any(matches(topic, one) for one in allowed(lines, "pattern write "))
        assert any(matches(ANONYMOUS + topic, one) for one in allowed(lines, "topic write "))


@pytest.mark.parametrize("rest", ["commands/control", "config", "errors", "commands"])
def test_what_the_adapter_publishes_is_not(lines: list[str], rest: str) -> None:
    for root in ("p/devices", "devices"):
        topic = f"{root}/{DEVICE}/{rest}"
        assert TopicGrammar("p").parse(topic).kind is None
        rules = allowed(lines, "pattern write ") + allowed(lines, "topic write ")
        assert not any(matches(start + topic, one) for one in rules for start in ("", ANONYMOUS))


def test_the_rules_of_clients_without_a_login_come_before_any_user(lines: list[str]) -> None:
    """Behind a user's name they would be that user's; and such clients hear nothing."""
    first_user = next(number for number, line in enumerate(lines) if line.startswith("user "))
    assert all(number < first_user for number, line in enumerate(lines) if ANONYMOUS in line)
    assert all(line.startswith("topic write") for line in lines[: first_user - 1] if not line.startswith("#"))


def test_the_published_file_has_no_rule_for_them() -> None:
    assert ANONYMOUS not in ACL.read_text()
