"""Names and prefixes as parts of topics."""

import pytest

from iotflow.topic_names import level_problem, text_problem, topic_prefix, topic_problem
from iotflow_gateway.accounts.directory import DeviceAccount, Directory
from iotflow_gateway.topics import Topics

# Brokers disconnect a client that publishes to a topic with one of these.
UNPUBLISHABLE = [
    "pump\u0085x",
    "pump\x00",
    "pump\n",
    "pump\x7f",
    "pump\ufffe",
    "pump\ufdd0",
    "pump\U0001ffff",
    "\ud800",
    "a+b",
    "#",
]
# MQTT accepts these, and readers do not see them.
INVISIBLE = ["pump\u200b", "pump\u202e", "\ufeffpump", "pump\u2066", "pump\u2028", "pu\u00admp", "pump\u200d"]
FINE = ["pump", "Ümlaut 7", "泵", "насос", "🫨 pump", "a b", "$SYS", "%u", "colon:", "مضخة", "pump\u00a0x"]

UNUSABLE = [
    "",
    "/a",
    "a/",
    "a//b",
    "$SYS",
    "a/+",
    "a#",
    "a\u0085",
    "%u/a",
    "p" * 201,
    "devices",
    "devices/a",
    "anonymous",
]


@pytest.mark.parametrize("name", UNPUBLISHABLE)
def test_no_topic_has_a_name_that_brokers_reject(name: str) -> None:
    assert topic_problem(name)
    assert level_problem(name)


@pytest.mark.parametrize("name", [*UNPUBLISHABLE[:-2], *INVISIBLE])
def test_no_new_name_has_invisible_characters(name: str) -> None:
    assert text_problem(name)


@pytest.mark.parametrize("name", FINE)
def test_names_of_all_scripts_are_accepted(name: str) -> None:
    assert not text_problem(name)
    assert not level_problem(name)


@pytest.mark.parametrize(
    "prefix",
    ["", "/a", "a/", "a//b", "$SYS", "a/+", "a#", "a\u0085", "%u/a", "p" * 201, "devices", "devices/a", "anonymous"],
)
def test_prefixes_with_which_no_topic_can_begin(prefix: str) -> None:
    with pytest.raises(ValueError, match="cannot begin"):
        topic_prefix(prefix)
    assert topic_prefix("plant 1/line") == "plant 1/line"
    assert topic_prefix("devices of plant 1/devices") == "devices of plant 1/devices"


@pytest.mark.parametrize("name", ["pump\u0085x", "a/b", "12", ""])
def test_a_stored_name_that_cannot_be_in_a_topic_has_no_topics(name: str) -> None:
    """The device is reached by its id, and no other device loses its topics to the name."""
    topics = Topics("p")
    assert topics.configs(7, name) == ["p/devices/7/config"]
    assert topics.commands(7, name, "blink") == ["p/devices/7/commands/control", "p/devices/7/commands"]
    directory = Directory()
    directory.put(DeviceAccount(12, "other", "active", "v"))
    directory.put(DeviceAccount(7, name, "active", "v"))
    assert [directory.find(one) for one in ("7", "12", "other")] == [7, 12, 12]
