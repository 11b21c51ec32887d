"""The union of all packets, and the decoder of each type but PUBLISH."""

from collections.abc import Callable, Mapping

from iotflow_gateway.mqtt.acknowledgements import Acknowledgement, Puback, Pubcomp, Pubrec, Pubrel
from iotflow_gateway.mqtt.connect import Connack, Connect, decode_connack, decode_connect
from iotflow_gateway.mqtt.packet_types import PacketType, Version
from iotflow_gateway.mqtt.publish import Publish
from iotflow_gateway.mqtt.session_packets import (
    Auth,
    Disconnect,
    Pingreq,
    Pingresp,
    decode_auth,
    decode_disconnect,
    decode_ping,
)
from iotflow_gateway.mqtt.subscribe import (
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
    decode_suback,
    decode_subscribe,
    decode_unsuback,
    decode_unsubscribe,
)

Packet = (
    Publish
    | Acknowledgement
    | Connect
    | Connack
    | Subscribe
    | Suback
    | Unsubscribe
    | Unsuback
    | Pingreq
    | Pingresp
    | Disconnect
    | Auth
)

_DECODERS: Mapping[PacketType, Callable[[bytes, Version], Packet]] = {
    PacketType.CONNACK: decode_connack,
    PacketType.PUBACK: Puback.decode,
    PacketType.PUBREC: Pubrec.decode,
    PacketType.PUBREL: Pubrel.decode,
    PacketType.PUBCOMP: Pubcomp.decode,
    PacketType.SUBSCRIBE: decode_subscribe,
    PacketType.SUBACK: decode_suback,
    PacketType.UNSUBSCRIBE: decode_unsubscribe,
    PacketType.UNSUBACK: decode_unsuback,
    PacketType.DISCONNECT: decode_disconnect,
}


def decode_packet(packet_type: PacketType, content: bytes, version: Version) -> Packet:
    """The packet of this type, other than PUBLISH, with this body. Raises MalformedPacket."""
    if packet_type is PacketType.CONNECT:
        return decode_connect(content)
    if packet_type is PacketType.AUTH:
        return decode_auth(content)
    if packet_type in (PacketType.PINGREQ, PacketType.PINGRESP):
        return decode_ping(packet_type, content)
    return _DECODERS[packet_type](content, version)
