"""Sessions belong to their owners, and repeated messages of QoS 2 are recognized."""

import pytest
from amqtt.session import Session

from iotflow_gateway.embedded.access_control import Login
from iotflow_gateway.embedded.packet_bodies import Published
from iotflow_gateway.embedded.session_state import (
    InboundMessage,
    Unreleased,
    admit,
    device_of,
    has_same_owner,
    inbound_message,
    last_will,
    state,
)


def session(login: Login, client_id: str | None = "c") -> Session:
    one = Session()
    one.client_id = client_id
    admit(one, login)
    return one


@pytest.mark.parametrize(
    ("login", "client_id"),
    [(Login("pump", 7), "7/c"), (Login("7", 7), "7/c"), (Login("adapter"), "adapter/c"), (Login(""), "/c")],
)
def test_a_client_id_becomes_one_of_its_owners(login: Login, client_id: str) -> None:
    one = session(login)
    assert (one.client_id, state(one).client_id, state(one).login) == (client_id, "c", login)
    assert device_of(one) == login.device_id


def test_a_client_without_an_id_has_an_empty_one() -> None:
    one = session(Login("pump", 7), None)
    assert (one.client_id, state(one).client_id) == ("7/", "")


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        (Login("pump", 7), Login("7", 7), True),
        (Login("pump", 7), Login("pump", 8), False),
        (Login("adapter"), Login("adapter"), True),
        (Login("adapter"), Login("registrar"), False),
        (Login("7"), Login("7", 7), False),
        (Login(""), Login(""), True),
    ],
)
def test_sessions_have_the_same_owner_by_device_or_else_by_name(one: Login, other: Login, is_same: bool) -> None:
    assert has_same_owner(session(one), session(other)) is is_same


@pytest.mark.parametrize(
    ("topic", "payload", "dup", "is_same"),
    [("t", b"x", True, True), ("t", b"x", False, False), ("t", b"y", True, False), ("u", b"x", True, False)],
)
def test_a_message_is_a_repetition_if_the_client_says_so_and_the_content_is_the_same(
    topic: str, payload: bytes, dup: bool, is_same: bool
) -> None:
    first = InboundMessage("t", b"x", 2, 5)
    unreleased = Unreleased.of(first)
    assert unreleased.finished is first.finished
    assert unreleased.is_same(InboundMessage(topic, payload, 2, 5, dup=dup)) is is_same


def test_a_message_has_the_fields_of_its_packet() -> None:
    message = inbound_message(Published("t", b"x", 2, 5, retain=True, dup=False))
    assert (message.topic, message.payload, message.qos, message.packet_id) == ("t", b"x", 2, 5)
    assert (message.retain, message.dup) == (True, False)
    message = inbound_message(Published("t", b"x", 1, 6, retain=False, dup=True))
    assert (message.retain, message.dup) == (False, True)
    assert not message.finished.is_set()


def test_a_last_will_is_a_message_of_its_client() -> None:
    one = session(Login("pump", 7))
    one.will_topic, one.will_message, one.will_qos, one.will_retain = "t", b"gone", 1, True
    will = last_will(one)
    assert (will.topic, will.payload, will.qos, will.retain, will.packet_id) == ("t", b"gone", 1, True, 0)
    empty = last_will(session(Login("pump", 7)))
    assert (empty.topic, empty.payload, empty.qos, empty.retain) == ("", b"", 0, False)
