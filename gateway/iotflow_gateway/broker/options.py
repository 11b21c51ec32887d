"""The broker's address and the adapter's subscriptions, as the settings state them."""

import hashlib

from iotflow_gateway.broker.address import BrokerAddress
from iotflow_gateway.settings import GatewaySettings
from iotflow_gateway.topics import Topics


def _secret_suffix(password: str) -> str:
    """A part of the client id that cannot be guessed: a client with the same id would take over the adapter's session."""
    return hashlib.sha256(f"client id {password}".encode()).hexdigest()[:16]


def broker_address(settings: GatewaySettings, token: str) -> BrokerAddress:
    """The address of the broker, with the adapter's account and session."""
    password = settings.mqtt_password.get_secret_value() or token
    return BrokerAddress(
        host=settings.mqtt_host,
        port=settings.mqtt_port,
        username=settings.mqtt_username,
        password=password,
        client_id=f"iotflow-gateway-{settings.name}-{_secret_suffix(password)}",
        tls=settings.mqtt_tls,
        ca_file=settings.mqtt_ca_file,
        v5=settings.mqtt_protocol == "5",
        window=settings.window,
    )


def filters(settings: GatewaySettings, topics: Topics) -> list[str]:
    """The filters of the adapter's subscriptions."""
    anonymous = topics.anonymous_filters() if settings.anonymous else []
    return [*topics.status_filters(), *(_share(settings) + one for one in topics.shared_filters()), *anonymous]


def obsolete_filters(settings: GatewaySettings, topics: Topics) -> list[str]:
    """Filters of earlier versions, to be removed from the session."""
    obsolete, share = topics.obsolete_filters(), _share(settings)
    return [*obsolete, *(share + one for one in obsolete if share)]


def _share(settings: GatewaySettings) -> str:
    """The prefix of shared subscriptions; empty without a group."""
    return f"$share/{settings.group}/" if settings.group else ""
