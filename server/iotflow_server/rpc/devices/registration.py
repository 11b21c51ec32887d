"""Who may register devices."""

from dataclasses import dataclass

from iotflow.words import Role
from iotflow_server.auth.principal import Principal
from iotflow_server.errors import PermissionDenied, Unauthenticated


@dataclass(frozen=True, slots=True)
class RegistrationPolicy:
    """mode: anyone (open), registrars and admins (token), admins (closed)."""

    mode: str

    def check(self, principal: Principal) -> None:
        """Raise Unauthenticated or PermissionDenied where the caller may not register."""
        allowed = {"open": set(Role), "token": {Role.REGISTRAR, Role.ADMIN}, "closed": {Role.ADMIN}}[self.mode]
        if principal.role in allowed:
            return
        if principal.role is Role.ANONYMOUS and self.mode == "token":
            raise Unauthenticated("TOKEN_REQUIRED", "registration needs a registrar's token in authorization: Bearer")
        raise PermissionDenied("REGISTRATION_CLOSED", "registration is not open to you; ask an admin")
