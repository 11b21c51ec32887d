"""Mosquitto's access control list, derived from the grammar of the topics.

`python -m iotflow_cli.mosquitto.acl PREFIX` prints the list for a Mosquitto of your own. The file `acl` beside this module is the
list for the prefix `iotflow`.
"""

import sys
from collections.abc import Iterable, Iterator

from iotflow.mqtt_topics import ADAPTER, TopicGrammar
from iotflow.topic_names import ANONYMOUS, topic_prefix

# Mosquitto replaces %u by the user name and %c by the client id.
USERNAME, CLIENT_ID = "%u", "%c"
HEADER = """\
# Written by `python -m iotflow_cli.mosquitto.acl PREFIX`; do not edit it by hand.
#
# The adapter may use every topic. No device has a name with a slash.
user {adapter}
topic readwrite #

# A device publishes to the topics of its own id or name, whichever it logs in by, and receives messages below them and the commands
# to groups. It cannot publish to the topics of the adapter: a retained message there would reach the next device of the same name.
"""


def access_rules(prefix: str, *, registration: bool = False, anonymous: bool = False) -> str:
    """The text of the list. registration: clients without a login may register devices. anonymous: clients without a login may
    publish, at a listener with the mount point `anonymous/`."""
    grammar = TopicGrammar(prefix)
    # Rules before the first user apply to clients without a login.
    first = [*(_registration(grammar) if registration else ()), *(_anonymous(grammar) if anonymous else ())]
    rules = [f"pattern write {one}" for one in grammar.publish_filters(USERNAME)]
    rules += [f"pattern read {one}" for one in grammar.subscribe_filters(USERNAME)]
    return _lines(first) + HEADER.format(adapter=ADAPTER) + _lines(rules)


def _registration(grammar: TopicGrammar) -> Iterator[str]:
    """The name to register is the client id, so that no other client receives the key."""
    request, answer = grammar.newcomer_filters(CLIENT_ID)
    yield f"pattern write {request}"
    yield f"pattern read {answer}"


def _anonymous(grammar: TopicGrammar) -> Iterator[str]:
    """The topics of every device: the message holds the device's key."""
    return (f"topic write {ANONYMOUS}{one}" for one in grammar.publish_filters("+"))


def _lines(rules: Iterable[str]) -> str:
    return "".join(f"{rule}\n" for rule in rules)


if __name__ == "__main__":
    sys.stdout.write(access_rules(topic_prefix(sys.argv[1] if sys.argv[1:] else "iotflow")))
