"""The line to the broker."""

from iotflow_gateway.broker.connection import BrokerAddress
from iotflow_gateway.broker.port import Broker, CannotConnect, Delivery
from iotflow_gateway.broker.session import BrokerSession

__all__ = ["Broker", "BrokerAddress", "BrokerSession", "CannotConnect", "Delivery"]
