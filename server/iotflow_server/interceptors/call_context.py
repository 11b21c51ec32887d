"""The context of a call: gRPC's context, and the caller."""

from typing import Any, cast

from grpc.aio import ServicerContext

from iotflow_server.auth.principal import ANONYMOUS, Principal


class CallContext:
    """Adds the caller to gRPC's context, whose class does not allow attributes."""

    __slots__ = ("_context", "principal")

    def __init__(self, context: "ServicerContext[Any, Any]") -> None:
        self._context = context
        # The initial value, until authentication.
        self.principal: Principal = ANONYMOUS

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


def _call(context: "ServicerContext[Any, Any]") -> CallContext:
    if not isinstance(context, CallContext):
        raise TypeError("The context does not belong to a call that passed the middleware.")
    return context
