"""Restricts diagnostics: metrics, detailed health and reflection."""

from iotflow.words import Role
from iotflow_server.errors import DomainError
from iotflow_server.interceptors.authentication import Authentication
from iotflow_server.interceptors.middleware import Context


class Diagnostics:
    """Checks callers of RPCs that are open to all roles and show more to some. roles: the roles that may see diagnostics."""

    def __init__(self, authenticator: Authentication, roles: frozenset[Role]) -> None:
        self._authenticator = authenticator
        self._roles = roles

    async def require(self, context: Context) -> None:
        """Raise Unauthenticated or PermissionDenied if the caller may not see diagnostics."""
        await self._authenticator.require(context, self._roles)

    async def allowed(self, context: Context) -> bool:
        """Whether the caller may see diagnostics."""
        try:
            await self.require(context)
        except DomainError:
            return False
        return True
