"""A message of QoS 2 that comes again before its release is a duplicate only if its DUP flag is set and it is unchanged."""

import pytest

from iotflow_gateway.embedded.session_state import InboundMessage, Unreleased

FIRST = InboundMessage("t", b"1", 2, 7)


@pytest.mark.parametrize(
    ("second", "is_same"),
    [
        (InboundMessage("t", b"1", 2, 7, dup=True), True),
        (InboundMessage("t", b"1", 2, 7, dup=False), False),
        (InboundMessage("t", b"2", 2, 7, dup=True), False),
        (InboundMessage("u", b"1", 2, 7, dup=True), False),
        (InboundMessage("u", b"2", 2, 7, dup=False), False),
    ],
    ids=["repeated", "without DUP", "another payload", "another topic", "another message"],
)
def test_a_message_with_the_packet_id_of_an_unreleased_one(second: InboundMessage, is_same: bool) -> None:
    assert Unreleased.of(FIRST).is_same(second) is is_same


def test_a_repeated_message_is_complete_with_the_first_one() -> None:
    assert Unreleased.of(FIRST).finished is FIRST.finished
