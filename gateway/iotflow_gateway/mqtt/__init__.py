"""A codec of MQTT 3.1, 3.1.1 and 5: bytes in, packets out, without I/O and without dependencies.

Sections are those of the OASIS standards; [MQTT-...] is the number of a statement in MQTT 5.
"""

from iotflow_gateway.mqtt.acknowledgements import Puback, Pubcomp, Pubrec, Pubrel
from iotflow_gateway.mqtt.connect import Connack, Connect, Will
from iotflow_gateway.mqtt.packet_types import PacketType, Version
from iotflow_gateway.mqtt.packets import Packet
from iotflow_gateway.mqtt.parser import PacketParser
from iotflow_gateway.mqtt.properties import NO_PROPERTIES, Properties
from iotflow_gateway.mqtt.publish import Publish
from iotflow_gateway.mqtt.reason_codes import MalformedPacket, ReasonCode
from iotflow_gateway.mqtt.session_packets import Auth, Disconnect, Pingreq, Pingresp
from iotflow_gateway.mqtt.subscribe import Suback, Subscribe, Subscription, Unsuback, Unsubscribe

__all__ = [
    "NO_PROPERTIES",
    "Auth",
    "Connack",
    "Connect",
    "Disconnect",
    "MalformedPacket",
    "Packet",
    "PacketParser",
    "PacketType",
    "Pingreq",
    "Pingresp",
    "Properties",
    "Puback",
    "Pubcomp",
    "Publish",
    "Pubrec",
    "Pubrel",
    "ReasonCode",
    "Suback",
    "Subscribe",
    "Subscription",
    "Unsuback",
    "Unsubscribe",
    "Version",
    "Will",
]
