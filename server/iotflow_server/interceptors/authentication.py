"""Authentication: credentials in the metadata become a Principal, checked against the roles of the method.

Callers without a credential are checked besides: a browser on this machine reaches the loopback address on behalf of every page
that it shows.
"""

import re
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from iotflow.words import DeviceStatus, Role
from iotflow_server.auth.identities import Identities
from iotflow_server.auth.principal import Principal, anonymous_at
from iotflow_server.devices.device import device_inactive
from iotflow_server.errors import DomainError, PermissionDenied, Unauthenticated
from iotflow_server.interceptors.call_context import PeerAddresses, set_principal
from iotflow_server.interceptors.middleware import CallScope, Context, Handler
from iotflow_server.interceptors.rate_limits import WrongCredentials

CONTRACT = "/iotflow.v1."
KEY_HEADER = "x-api-key"
TOKEN_HEADER = "authorization"  # noqa: S105
# The standard scheme, and the scheme of the older service.
SCHEMES = ("bearer", "admin")
# Envoy adds the host name of the request where it listens on the loopback address only. A name that an attacker resolves to
# this address (DNS rebinding) does not match.
HOST_HEADER, PAGE_HEADER = "x-iotflow-host", "origin"
LOCAL = r"(([\w-]+\.)*localhost|127(\.\d{1,3}){3}|\[::1\])\.?(:\d+)?"
LOCAL_HOST = re.compile(LOCAL, re.IGNORECASE)
LOCAL_PAGE = re.compile(f"https?://{LOCAL}", re.IGNORECASE)


class Authentication:
    """open_to: the roles of each method of the contract, by full name; none: the method is open, and credentials are ignored."""

    def __init__(
        self,
        *,
        identities: Identities,
        open_to: Mapping[str, frozenset[Role]],
        wrong: WrongCredentials,
        addresses: PeerAddresses,
    ) -> None:
        self._identities = identities
        self._wrong = wrong
        self._open_to = open_to
        self._addresses = addresses

    def wrap(self, method: str, _handler: Handler) -> CallScope:
        # Health is outside the contract. A method of the contract without an entry fails here and is never open.
        roles = self._open_to[method] if method.startswith(CONTRACT) else self._open_to.get(method)

        @asynccontextmanager
        async def identify(_request: Any, context: Context) -> AsyncIterator[None]:
            principal = await self.require(context, roles) if roles else self._anonymous(context)
            set_principal(context, principal)
            yield

        return identify

    async def require(self, context: Context, roles: frozenset[Role]) -> Principal:
        """The caller, if it has one of the roles. Raises Unauthenticated or PermissionDenied."""
        metadata = context.invocation_metadata() or ()
        principal = await self._caller(metadata, context)
        check_role(principal, roles)
        check_site(principal, metadata)
        return principal

    async def _caller(self, metadata: Iterable[tuple[str, str | bytes]], context: Context) -> Principal:
        if key := only(metadata, KEY_HEADER):
            return await self._device(key, context)
        if authorization := only(metadata, TOKEN_HEADER):
            return await self._token(authorization, context)
        return self._anonymous(context)

    def _anonymous(self, context: Context) -> Principal:
        return anonymous_at(self._addresses.of(context))

    async def _device(self, shown: str, context: Context) -> Principal:
        if not self._identities.is_known_key(shown):
            await self._wrong.check(shown, context)
        key = await self._identities.key(shown)
        if key is None:
            await self._wrong.count(shown, context)
            raise Unauthenticated("WRONG_KEY", "No device has this key; check it, or let an admin reset it.")
        if key.device.status == DeviceStatus.INACTIVE:
            raise device_inactive(key.id)
        return Principal(Role.DEVICE, f"device:{key.id}", key)

    async def _token(self, authorization: str, context: Context) -> Principal:
        scheme, _, secret = authorization.partition(" ")
        secret = secret.strip()
        if not self._identities.is_known_token(secret):
            await self._wrong.check(secret, context)
        token = await self._identities.token(secret) if secret and scheme.lower() in SCHEMES else None
        if token is None:
            await self._wrong.count(secret, context)
            raise Unauthenticated(
                "WRONG_TOKEN",
                "This token is unknown, revoked or expired; send a valid one as `authorization: Bearer <token>`.",
            )
        return Principal(Role(token.role), f"token:{token.name}", token_id=token.id, expires_at=token.expires_at)


def only(metadata: Iterable[tuple[str, str | bytes]], header: str) -> str:
    """The value of the header, or "". Raises Unauthenticated for several values: two programs could choose different ones."""
    values = [str(value) for name, value in metadata if name == header]
    if len(values) > 1:
        raise Unauthenticated("DUPLICATE_CREDENTIAL", f"The call has {len(values)} values of {header}; send one.")
    return values[0] if values else ""


def check_role(principal: Principal, roles: frozenset[Role]) -> None:
    """Raise Unauthenticated or PermissionDenied if the caller has none of the roles."""
    if principal.role in roles:
        return
    wanted = "a device's key in x-api-key" if Role.DEVICE in roles else "a token in authorization: Bearer"
    if principal.role is Role.ANONYMOUS:
        raise Unauthenticated("CREDENTIAL_REQUIRED", f"This call requires {wanted}.")
    raise PermissionDenied(
        "WRONG_ROLE",
        f"The role {principal.role} may not make this call; allowed: {', '.join(sorted(roles - {Role.ANONYMOUS}))}.",
    )


def check_site(principal: Principal, metadata: Iterable[tuple[str, str | bytes]]) -> None:
    """Raise Unauthenticated if a page of another origin, or a request under another host name, has no credential.

    A browser on this machine reaches the loopback address on behalf of every page that it shows.
    """
    if principal.role is not Role.ANONYMOUS:
        return
    for name, value in metadata:
        if name == PAGE_HEADER and value and not LOCAL_PAGE.fullmatch(str(value)):
            raise Unauthenticated("CREDENTIAL_REQUIRED", f"A page of {str(value)[:100]} must send a credential.")
        if name == HOST_HEADER and value and not LOCAL_HOST.fullmatch(str(value)):
            raise Unauthenticated(
                "CREDENTIAL_REQUIRED",
                f"A request to {str(value)[:100]} requires a credential; use the name localhost, or send one.",
            )


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
