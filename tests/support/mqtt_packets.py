"""Packets of MQTT at random: every packet that the protocol allows, in every version."""

from typing import Any

from hypothesis import strategies as st

from iotflow_gateway.mqtt import (
    Auth,
    Connack,
    Connect,
    Disconnect,
    Packet,
    PacketType,
    Pingreq,
    Pingresp,
    Puback,
    Pubcomp,
    Publish,
    Pubrec,
    Pubrel,
    ReasonCode,
    Suback,
    Subscribe,
    Subscription,
    Unsuback,
    Unsubscribe,
    Version,
    Will,
)
from iotflow_gateway.mqtt.properties import WILL, allowed_properties

LARGEST = dict.fromkeys(PacketType, 1 << 20)

VERSIONS = st.sampled_from(Version)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
TOPICS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0+#"), min_size=1, max_size=20)
BINARY = st.binary(max_size=20)
IDS = st.integers(1, 65_535)
QOS = st.integers(0, 2)
FLAGS = st.integers(0, 1)
LEVELS = st.one_of(TEXTS.map(lambda text: text.translate(str.maketrans("", "", "+#/"))), st.just("+"))
FILTERS = (
    st.tuples(st.lists(LEVELS, min_size=1, max_size=4), st.booleans())
    .map(lambda one: "/".join([*one[0], "#"] if one[1] else one[0]))
    .filter(bool)
)
NUMBERS = {
    "message_expiry": (0, 2**32 - 1),
    "session_expiry": (0, 2**32 - 1),
    "will_delay": (0, 2**32 - 1),
    "maximum_packet_size": (1, 2**32 - 1),
    "receive_maximum": (1, 65_535),
    "topic_alias": (1, 65_535),
    "topic_alias_maximum": (0, 65_535),
    "server_keep_alive": (0, 65_535),
}
STRINGS = (
    "content_type",
    "assigned_client_id",
    "authentication_method",
    "response_information",
    "server_reference",
    "reason_string",
)


def value_of(name: str) -> st.SearchStrategy[Any]:
    """Values of the property."""
    if name in NUMBERS:
        return st.integers(*NUMBERS[name])
    if name in STRINGS:
        return TEXTS
    if name == "response_topic":
        return TOPICS
    if name in ("correlation_data", "authentication_data"):
        return BINARY
    if name == "user_properties":
        return st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=3)
    if name == "subscription_identifiers":
        return st.lists(st.integers(1, 268_435_455), min_size=1, max_size=1)
    return FLAGS


def properties(packet: int, version: Version, without: tuple[str, ...] = ()) -> st.SearchStrategy[Any]:
    """Properties that the packet may have; none before MQTT 5. packet: its type, or WILL."""
    if version is not Version.V5:
        return st.just({})
    names = sorted(allowed_properties(packet) - set(without))
    found = st.fixed_dictionaries({}, optional={name: value_of(name) for name in names})
    return found.filter(lambda one: "authentication_data" not in one or "authentication_method" in one)


def codes(version: Version, *of_version_5: ReasonCode) -> st.SearchStrategy[ReasonCode]:
    """Reason codes; SUCCESS before MQTT 5."""
    return st.sampled_from((ReasonCode.SUCCESS, *(of_version_5 if version is Version.V5 else ())))


@st.composite
def publishes(draw: st.DrawFn, version: Version) -> Publish:
    """PUBLISH."""
    qos, found = draw(QOS), draw(properties(PacketType.PUBLISH, version))
    topic = draw(st.one_of(TOPICS, st.just(""))) if "topic_alias" in found else draw(TOPICS)
    return Publish(
        topic,
        draw(st.binary(max_size=40)),
        qos,
        draw(IDS) if qos else 0,
        draw(st.booleans()),
        draw(st.booleans()) if qos else False,
        found,
    )


@st.composite
def connects(draw: st.DrawFn, version: Version) -> Connect:
    """CONNECT."""
    wills = st.builds(Will, TOPICS, BINARY, QOS, st.booleans(), properties(WILL, version))
    username = draw(st.none() | TEXTS)
    may_have_password = username is not None or version is Version.V5
    return Connect(
        draw(TEXTS),
        version,
        draw(st.booleans()),
        draw(st.integers(0, 65_535)),
        username,
        draw(st.none() | BINARY) if may_have_password else None,
        draw(st.none() | wills),
        draw(properties(PacketType.CONNECT, version)),
    )


def _answers(version: Version) -> list[st.SearchStrategy[Packet]]:
    found: list[st.SearchStrategy[Packet]] = []
    for one in (Puback, Pubrec):
        published = codes(version, ReasonCode.NOT_AUTHORIZED, ReasonCode.QUOTA_EXCEEDED)
        found.append(st.builds(one, IDS, published, properties(one.type, version)))
    for other in (Pubrel, Pubcomp):
        released = codes(version, ReasonCode.PACKET_IDENTIFIER_NOT_FOUND)
        found.append(st.builds(other, IDS, released, properties(other.type, version)))
    return found


def _subscriptions(version: Version) -> st.SearchStrategy[Subscription]:
    if version is not Version.V5:
        return st.builds(Subscription, FILTERS, QOS)
    found = st.builds(Subscription, FILTERS, QOS, st.booleans(), st.booleans(), st.integers(0, 2))
    return found.filter(lambda one: not (one.is_shared and one.no_local))


def _of_sessions(version: Version) -> list[st.SearchStrategy[Packet]]:
    return_codes = (ReasonCode.NOT_AUTHORIZED, ReasonCode.SERVER_UNAVAILABLE)
    failed = st.builds(Connack, st.sampled_from(return_codes), st.just(value=False), properties(2, version))
    accepted = st.booleans() if version is not Version.V3_1 else st.just(value=False)
    suback = properties(PacketType.SUBACK, version)
    granted = [ReasonCode.SUCCESS, ReasonCode.GRANTED_QOS_1, ReasonCode.GRANTED_QOS_2]
    failures = {
        Version.V3_1: [],
        Version.V3_1_1: [ReasonCode.UNSPECIFIED_ERROR],
        Version.V5: [ReasonCode.NOT_AUTHORIZED],
    }
    every = st.lists(st.sampled_from(granted + failures[version]), min_size=1, max_size=4)
    ended = st.lists(codes(version, ReasonCode.NO_SUBSCRIPTION_EXISTED), min_size=1, max_size=4)
    return [
        failed,
        st.builds(Connack, st.just(ReasonCode.SUCCESS), accepted, properties(2, version)),
        st.builds(Subscribe, IDS, st.lists(_subscriptions(version), min_size=1, max_size=4), properties(8, version)),
        st.builds(Suback, IDS, every, suback),
        st.builds(Unsubscribe, IDS, st.lists(FILTERS, min_size=1, max_size=4), properties(10, version)),
        st.builds(Unsuback, IDS, ended if version is Version.V5 else st.just(()), properties(11, version)),
        st.builds(Disconnect, codes(version, ReasonCode.DISCONNECT_WITH_WILL), properties(14, version)),
        st.just(Pingreq()),
        st.just(Pingresp()),
        *(
            [st.builds(Auth, codes(version, ReasonCode.REAUTHENTICATE), properties(15, version))]
            if version is Version.V5
            else []
        ),
    ]


def packets(version: Version) -> st.SearchStrategy[Packet]:
    """All packets but CONNECT, in a version of the protocol."""
    return st.one_of(publishes(version), *_answers(version), *_of_sessions(version))


def streams() -> st.SearchStrategy[tuple[Version, list[Packet]]]:
    """What one side sends after CONNECT: a version, and packets."""
    return VERSIONS.flatmap(lambda version: st.tuples(st.just(version), st.lists(packets(version), max_size=6)))
