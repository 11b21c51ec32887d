"""The context of a call: gRPC's own, and the caller beside it."""

from typing import Any, cast

from grpc.aio import ServicerContext

from iotflow_server.auth.principal import ANONYMOUS, Principal


class CallContext:
    """Everything apart from the caller is gRPC's, whose class takes no attributes."""

    __slots__ = ("_context", "principal")

    def __init__(self, context: "ServicerContext[Any, Any]") -> None:
        self._context = context
        # Until authentication has found out.
        self.principal: Principal = ANONYMOUS

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)


def with_principal(context: "ServicerContext[Any, Any]") -> "ServicerContext[Any, Any]":
    """The context that layers and handlers share; made by the first that sees the call."""
    if isinstance(context, CallContext):
        return context
    return cast("ServicerContext[Any, Any]", CallContext(context))


def set_principal(context: "ServicerContext[Any, Any]", principal: Principal) -> None:
    """Called once for each call, by the authentication."""
    _call(context).principal = principal


def principal_of(context: "ServicerContext[Any, Any]") -> Principal:
    """The caller; anonymous until authentication has found out."""
    return _call(context).principal


def _call(context: "ServicerContext[Any, Any]") -> CallContext:
    if not isinstance(context, CallContext):
        raise TypeError("The context is not of a call that passed the middleware.")
    return context
