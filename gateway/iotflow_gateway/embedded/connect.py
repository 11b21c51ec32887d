"""CONNECT, checked before amqtt reads it: amqtt takes every version of MQTT for 3.1.1, and bytes that are no text for one."""

from amqtt.adapters import BufferReader

from iotflow_gateway.embedded.packets import NEWEST_QOS, Body, Malformed, Packet, Type
from iotflow_gateway.topics import is_published_to

NAMES = ("MQTT", "MQIsdp")
# The protocol level of MQTT 5.
NEWER = 5
# In MQTT 5's own words: Unsupported Protocol Version (MQTT 5, 3.2.2.2).
CONNACK_UNSUPPORTED = bytes([0x20, 3, 0, 0x84, 0])
LONGEST_CLIENT_ID = 1_000
USERNAME, PASSWORD, WILL_RETAIN, WILL, RESERVED = 0x80, 0x40, 0x20, 0x04, 0x01


class Unsupported(Exception):
    """A client of MQTT 5."""


def checked(packet: Packet | None) -> BufferReader:
    """The packet, for amqtt to read. Raises Malformed, and Unsupported."""
    if packet is None:
        raise Malformed("the connection ended before it began")
    if packet.type is not Type.CONNECT:
        raise Malformed(f"begins with {packet.type.name}, not with CONNECT")
    body = Body(packet.body)
    name, level, flags = body.text(), body.number(1), body.number(1)
    if name in NAMES and level == NEWER:
        raise Unsupported
    body.number()
    _check_flags(flags)
    if len(body.text()) > LONGEST_CLIENT_ID:
        raise Malformed(f"a client id of more than {LONGEST_CLIENT_ID} characters")
    if flags & WILL:
        _check_will(body.text())
        body.data()
    for flag in (USERNAME, PASSWORD):
        if flags & flag:
            body.text()
    body.end()
    return BufferReader(packet.header + packet.body)


def _check_flags(flags: int) -> None:
    qos = flags >> 3 & 3
    without_will = not flags & WILL and (qos or flags & WILL_RETAIN)
    if flags & RESERVED or qos > NEWEST_QOS or without_will:
        raise Malformed("CONNECT with flags that mean nothing")


def _check_will(topic: str) -> None:
    if not is_published_to(topic):
        raise Malformed(f"nothing is published to the last will's topic {topic:.200}")
