"""Runs a test of the Paho project from its folder: `python paho_program.py FOLDER MODULE PORT USER PASSWORD [TEST]`.

FOLDER: `interoperability` of a checkout of eclipse/paho.mqtt.testing. MODULE: `client_test` or `client_test5`. Exit code 0 if the
test passed; without TEST, prints the names of all. The tests have no login; here, each client has one.
"""

import functools
import importlib
import sys
import unittest

PREFIX = "client_test5/"
TOPICS = ("TopicA", "TopicA/B", "Topic/C", "TopicA/C", "/TopicA")
WILD_TOPICS = ("TopicA/+", "+/C", "#", "/#", "/+", "+/+", "TopicA/#")
NO_SUBSCRIPTION = ("test/nosubscribe",)


def main(folder: str, name: str, port: str, user: str, password: str, test: str = "") -> int:
    """The exit code."""
    sys.path.insert(0, folder)
    module = importlib.import_module(name)
    if not test:
        names = unittest.defaultTestLoader.getTestCaseNames(module.Test)
        sys.stdout.write("\n".join(names) + "\n")
        return 0
    client = module.mqtt_client.Client
    client.connect = functools.partialmethod(client.connect, username=user, password=password.encode())
    # As the module does when it is the program.
    prefix = PREFIX if name == "client_test5" else ""
    module.__dict__.update(
        host="127.0.0.1",
        port=int(port),
        topic_prefix=PREFIX,
        topics=[prefix + topic for topic in TOPICS],
        wildtopics=[prefix + topic for topic in WILD_TOPICS],
        nosubscribe_topics=NO_SUBSCRIPTION,
    )
    module.Test.setUpClass()
    result = unittest.TextTestRunner(stream=sys.stdout).run(module.Test(test))
    return int(not result.wasSuccessful())


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
