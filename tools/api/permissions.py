"""The roles that may call a method, and their credentials."""

from google.protobuf.descriptor import MethodDescriptor

from iotflow.contract import path
from iotflow.words import Role
from iotflow_server.auth.permissions import permissions

# With the default settings, which open nothing to the public.
_ROLES = permissions(public_reads=False, public_diagnostics=False)
KEY, TOKEN = "deviceKey", "bearerToken"
SCHEMES = {
    KEY: {
        "type": "apiKey",
        "in": "header",
        "name": "x-api-key",
        "description": "A device's API key, shown once when the device is registered or its key is rotated.",
    },
    TOKEN: {
        "type": "http",
        "scheme": "bearer",
        "description": "A token of a person or a program, made by an admin with `POST /api/v1/admin/tokens`.",
    },
}


def callers(method: MethodDescriptor) -> list[str]:
    """The roles that may call a method; empty: anyone."""
    roles = _ROLES[path(method)]
    return [] if Role.ANONYMOUS in roles else sorted(roles)


def security(method: MethodDescriptor) -> list[dict[str, list[str]]]:
    """The alternative credentials of a method; empty: it needs none."""
    roles = _ROLES[path(method)]
    known: list[dict[str, list[str]]] = [{}] if Role.ANONYMOUS in roles else []
    if Role.DEVICE in roles and Role.ANONYMOUS not in roles:
        known.append({KEY: []})
    if roles - {Role.DEVICE, Role.ANONYMOUS}:
        known.append({TOKEN: []})
    return known
