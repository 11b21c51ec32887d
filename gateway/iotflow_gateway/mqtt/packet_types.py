"""The types of packets, the versions of the protocol, and the flags that a fixed header may have."""

from enum import IntEnum


class Version(IntEnum):
    """Protocol levels (3.1.2.2)."""

    V3_1 = 3
    V3_1_1 = 4
    V5 = 5


class PacketType(IntEnum):
    """The upper half of a packet's first byte (2.1.2)."""

    CONNECT = 1
    CONNACK = 2
    PUBLISH = 3
    PUBACK = 4
    PUBREC = 5
    PUBREL = 6
    PUBCOMP = 7
    SUBSCRIBE = 8
    SUBACK = 9
    UNSUBSCRIBE = 10
    UNSUBACK = 11
    PINGREQ = 12
    PINGRESP = 13
    DISCONNECT = 14
    AUTH = 15


HIGHEST_QOS = 2
DUP, RETAIN = 0x08, 0x01
_QOS_1 = 0x02
# Flags of the fixed header that are not 0 (2.1.3). PUBLISH has flags with a meaning.
_FLAGS = {PacketType.PUBREL: _QOS_1, PacketType.SUBSCRIBE: _QOS_1, PacketType.UNSUBSCRIBE: _QOS_1}


def first_byte(packet_type: PacketType) -> int:
    """The first byte of a packet other than PUBLISH."""
    return packet_type << 4 | _FLAGS.get(packet_type, 0)


def may_begin(first: int, version: Version | None) -> bool:
    """Whether a packet may begin with this byte. version: None before CONNECT. MQTT 3.1 has a DUP flag in repeated packets."""
    if not first >> 4:
        return False
    packet_type, flags = PacketType(first >> 4), first & 0x0F
    if packet_type is PacketType.PUBLISH:
        # [MQTT-3.3.1-2], [MQTT-3.3.1-4]
        qos = flags >> 1 & 3
        return qos <= HIGHEST_QOS and not (flags & DUP and not qos)
    if packet_type is PacketType.AUTH and version is not Version.V5:
        return False
    required = _FLAGS.get(packet_type, 0)
    return flags == required or (version is Version.V3_1 and bool(required) and flags == required | DUP)
