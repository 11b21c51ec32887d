"""The broker of a laptop, within the adapter: amqtt's protocol, MQTT 3.1.1, on the loopback, nothing to install."""

from iotflow_gateway.embedded.broker import EmbeddedBroker
from iotflow_gateway.embedded.guard import Guard, UnknownLogins

__all__ = ["EmbeddedBroker", "Guard", "UnknownLogins"]
