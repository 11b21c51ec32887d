"""The line to the broker."""

from iotflow_gateway.broker.connection import BrokerAddress
from iotflow_gateway.broker.port import Broker, BrokerDelivery, CannotConnect
from iotflow_gateway.broker.session import BrokerSession

__all__ = ["Broker", "BrokerAddress", "BrokerDelivery", "BrokerSession", "CannotConnect"]
