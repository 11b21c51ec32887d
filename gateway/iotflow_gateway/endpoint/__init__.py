"""The MQTT endpoint: MQTT 3.1, 3.1.1 and 5 inside the adapter's process. A message is acknowledged when the server has stored it."""

from iotflow_gateway.endpoint.access_control import AccessControl, AnonymousAccess
from iotflow_gateway.endpoint.endpoint import Endpoint
from iotflow_gateway.endpoint.session_store import OpenedSession, RegistrySessions, SessionStore
from iotflow_gateway.endpoint.transports.certificates import Certificates, TlsFiles, WrongCertificate
from iotflow_gateway.endpoint.transports.listeners import Listener

__all__ = [
    "AccessControl",
    "AnonymousAccess",
    "Certificates",
    "Endpoint",
    "Listener",
    "OpenedSession",
    "RegistrySessions",
    "SessionStore",
    "TlsFiles",
    "WrongCertificate",
]
