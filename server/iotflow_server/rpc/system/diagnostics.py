"""Who may see how the server is in detail: its figures, its parts, its contract."""

from iotflow.words import Role
from iotflow_server.errors import DomainError
from iotflow_server.interceptors.authentication import Authentication
from iotflow_server.interceptors.middleware import Context


class Diagnostics:
    """For calls that are open to anyone and show more to some."""

    def __init__(self, identity: Authentication, roles: frozenset[Role]) -> None:
        self._identity = identity
        self._roles = roles

    async def require(self, context: Context) -> None:
        """Raise Unauthenticated or PermissionDenied where the caller may not see them."""
        await self._identity.require(context, self._roles)

    async def allowed(self, context: Context) -> bool:
        """Whether the caller may see them."""
        try:
            await self.require(context)
        except DomainError:
            return False
        return True
