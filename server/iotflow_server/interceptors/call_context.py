"""What names a call: its id, the principal of its caller, and the address from which it comes."""

import re
import secrets
from typing import Any, cast
from urllib.parse import unquote

from grpc.aio import ServicerContext

from iotflow.client_addresses import FORWARDED_HEADER, SECRET_HEADER, forwarded_network, network
from iotflow_server.auth.principal import ANONYMOUS, Principal

# Set by callers or by Envoy. Others' ids would be written to the log.
REQUEST_ID, _USABLE_ID = "x-request-id", re.compile(r"[\w.:/+=-]{1,64}", re.ASCII)


class CallContext:
    """Adds the caller and the id to gRPC's context, whose class does not allow attributes."""

    __slots__ = ("_context", "principal", "request_id")

    def __init__(self, context: "ServicerContext[Any, Any]") -> None:
        self._context = context
        # The initial value, until authentication.
        self.principal: Principal = ANONYMOUS
        # Set when it is needed first.
        self.request_id = ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)


def with_principal(context: "ServicerContext[Any, Any]") -> "ServicerContext[Any, Any]":
    """The context that middleware and handlers share, created by the outermost middleware."""
    if isinstance(context, CallContext):
        return context
    return cast("ServicerContext[Any, Any]", CallContext(context))


def set_principal(context: "ServicerContext[Any, Any]", principal: Principal) -> None:
    """Set the caller. Authentication calls this once per call."""
    _call(context).principal = principal


def principal_of(context: "ServicerContext[Any, Any]") -> Principal:
    """The caller; anonymous before authentication."""
    return _call(context).principal


def request_id_of(context: "ServicerContext[Any, Any]") -> str:
    """The id by which the log and the caller name this call: the caller's, if it has 1 to 64 plain characters, or a new one."""
    call = _call(context)
    if not call.request_id:
        given = next((str(value) for name, value in context.invocation_metadata() or () if name == REQUEST_ID), "")
        call.request_id = given if _USABLE_ID.fullmatch(given) else secrets.token_hex(8)
    return call.request_id


def _call(context: "ServicerContext[Any, Any]") -> CallContext:
    if not isinstance(context, CallContext):
        raise TypeError("The context does not belong to a call that passed the middleware.")
    return context


class PeerAddresses:
    """envoy_secret: the secret that Envoy sends with each call. Only then is the forwarded address used. Empty: never."""

    def __init__(self, envoy_secret: str) -> None:
        self._secret = envoy_secret

    def of(self, context: "ServicerContext[Any, Any]") -> str:
        """The caller's address without a port; of IPv6 only the network."""
        shown = forwarded = ""
        for name, value in context.invocation_metadata() or ():
            if name == SECRET_HEADER:
                shown = str(value)
            elif name == FORWARDED_HEADER:
                forwarded = str(value)
        # gRPC writes ipv6:%5B2001:db8::1%5D:port.
        peer = unquote(context.peer().rsplit(":", 1)[0])
        return forwarded_network(forwarded, shown, self._secret) or network(peer)
