"""The line to the broker."""

from iotflow_gateway.broker.line import BrokerAddress, CannotConnect, Delivery
from iotflow_gateway.broker.session import BrokerSession

__all__ = ["BrokerAddress", "BrokerSession", "CannotConnect", "Delivery"]
