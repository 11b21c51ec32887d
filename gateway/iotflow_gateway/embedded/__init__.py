"""The embedded broker: MQTT 3.1.1 by amqtt inside the adapter's process, on the loopback address, for a laptop."""

from iotflow_gateway.embedded.access_control import AccessControl, AnonymousAccess
from iotflow_gateway.embedded.broker import EmbeddedBroker

__all__ = ["AccessControl", "AnonymousAccess", "EmbeddedBroker"]
