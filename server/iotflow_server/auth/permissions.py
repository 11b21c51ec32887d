"""The roles that each RPC is open to, as the contract states them in its option `access`."""

from google.protobuf.descriptor import MethodDescriptor

from iotflow.contract import methods, path, word
from iotflow.v1 import options_pb2, system_service_pb2, words_pb2
from iotflow.words import Role
from iotflow_server.reflection import NAMES as REFLECTION_SERVICES

REFLECTION_METHODS = tuple(f"/{name}/ServerReflectionInfo" for name in REFLECTION_SERVICES)
METRICS = system_service_pb2.DESCRIPTOR.services_by_name["SystemService"].methods_by_name["GetMetrics"]
ROLES = {value.number: word(value) for value in words_pb2.Role.DESCRIPTOR.values}
# Roles that a setting admits.
PUBLIC_READS = frozenset({Role.ANONYMOUS})
PUBLIC_DIAGNOSTICS = frozenset(Role)
NO_ROLES: frozenset[Role] = frozenset()


def permissions(*, public_reads: bool, public_diagnostics: bool) -> dict[str, frozenset[Role]]:
    """The roles of each method by its full name; none: the method is open, and credentials are not examined.

    Raises LookupError if the contract does not state the roles of a method.
    """
    admitted = {
        options_pb2.ACCESS_SETTING_PUBLIC_READS: PUBLIC_READS if public_reads else NO_ROLES,
        options_pb2.ACCESS_SETTING_PUBLIC_DIAGNOSTICS: PUBLIC_DIAGNOSTICS if public_diagnostics else NO_ROLES,
    }
    diagnostics = diagnostics_open_to(public=public_diagnostics)
    return dict.fromkeys(REFLECTION_METHODS, diagnostics) | {
        path(method): roles(method) | admitted.get(access(method).setting, NO_ROLES) for method in methods()
    }


def diagnostics_open_to(*, public: bool) -> frozenset[Role]:
    """The roles that may see metrics, health in detail and the contract by reflection."""
    return PUBLIC_DIAGNOSTICS if public else roles(METRICS)


def roles(method: MethodDescriptor) -> frozenset[Role]:
    """The roles that the contract states, regardless of the settings. Raises LookupError if it states none."""
    stated = access(method)
    if stated.open == bool(stated.roles):
        raise LookupError(f"The contract must state the roles of {method.full_name}, or that it is open.")
    return frozenset(Role(ROLES[number]) for number in stated.roles)


def access(method: MethodDescriptor) -> options_pb2.Access:
    """The option `access` of a method; empty if it has none."""
    found: options_pb2.Access = method.GetOptions().Extensions[options_pb2.access]
    return found
