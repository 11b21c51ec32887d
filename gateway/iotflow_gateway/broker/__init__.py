"""The adapter's connection to an MQTT broker."""

from iotflow_gateway.broker.address import BrokerAddress
from iotflow_gateway.broker.port import Broker, BrokerDelivery, CannotConnect, OnMessage
from iotflow_gateway.broker.session import BrokerSession

__all__ = ["Broker", "BrokerAddress", "BrokerDelivery", "BrokerSession", "CannotConnect", "OnMessage"]
