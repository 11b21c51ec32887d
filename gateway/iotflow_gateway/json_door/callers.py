"""The callers of connections: their credentials, as the server checks them."""

from dataclasses import dataclass
from typing import Protocol

import grpc
from grpc import StatusCode

from iotflow.channels import credentials
from iotflow.client_addresses import FORWARDED_HEADER, SECRET_HEADER, forwarded_network
from iotflow.credential_form import LONGEST_TOKEN, checked_key, checked_token
from iotflow.errors import ServerError, server_error
from iotflow.v1.device_service_pb2 import SendHeartbeatRequest
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow_gateway.json_door.limits import CALL_SECONDS
from iotflow_gateway.json_door.messages import LOGIN, ClientMessage

Metadata = tuple[tuple[str, str], ...]

KEY_HEADER, TOKEN_HEADER = "x-api-key", "authorization"
# The server's reason for a credential of another role than a device's.
WRONG_ROLE = "WRONG_ROLE"
# Its reasons for a device that an admin has set inactive, or removed.
LOST_DEVICE = ("DEVICE_INACTIVE", "DEVICE_REMOVED")
_SCHEME = "Bearer "


class Headers(Protocol):
    """The headers of a request."""

    def get_all(self, key: str) -> list[str]:
        """All values of a header."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A caller with a valid credential. metadata: of its calls. device_id: 0 for a token."""

    metadata: Metadata
    device_id: int


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a connection comes from. address: by which it is counted. metadata: shows that address to the server."""

    address: str
    metadata: Metadata


def origin_of(headers: Headers, envoy_secret: str) -> Origin:
    """The address that Envoy forwards. Without Envoy's secret, all connections count as one address."""
    forwarded, shown = _last(headers, FORWARDED_HEADER), _last(headers, SECRET_HEADER)
    address = forwarded_network(forwarded, shown, envoy_secret)
    return Origin(address, ((SECRET_HEADER, shown), (FORWARDED_HEADER, forwarded)) if address else ())


def credentials_in(headers: Headers) -> Metadata:
    """The credentials of a handshake, as in REST; empty: it has none. Raises ServerError where no credential has this form."""
    keys = tuple((KEY_HEADER, checked_key(value)) for value in headers.get_all(KEY_HEADER))
    return (*keys, *((TOKEN_HEADER, _authorization(value)) for value in headers.get_all(TOKEN_HEADER)))


def credentials_of(message: ClientMessage) -> Metadata:
    """The credentials of a login. Raises ServerError where it has none, or none of a possible form."""
    key, token = message.content.get("api_key"), message.content.get("token")
    if message.type != LOGIN:
        raise _unauthenticated("CREDENTIAL_REQUIRED", 'The first message must be {"type": "login", …}.')
    if isinstance(key, str) and token is None:
        return credentials(api_key=checked_key(key))
    if isinstance(token, str) and key is None:
        return credentials(token=checked_token(token))
    raise _unauthenticated("CREDENTIAL_REQUIRED", "A login has either an api_key or a token, which is a string.")


async def check(channel: grpc.aio.Channel, metadata: Metadata) -> Caller:
    """The caller with these credentials. Logging in is a sign of life of a device. Raises ServerError."""
    try:
        answer = await DeviceServiceStub(channel).SendHeartbeat(
            SendHeartbeatRequest(), metadata=metadata, timeout=CALL_SECONDS
        )
    except grpc.aio.AioRpcError as failure:
        error = server_error(failure)
        # The credential is valid, and a token's. Its role decides at each call.
        if error.reason == WRONG_ROLE:
            return Caller(metadata, 0)
        raise error from None
    return Caller(metadata, answer.device_id)


def is_login_error(error: ServerError) -> bool:
    """Whether the server does not accept the credential, or no longer."""
    return error.code is StatusCode.UNAUTHENTICATED or error.reason in LOST_DEVICE


def _authorization(value: str) -> str:
    if value.isascii() and value.isprintable() and len(value) <= len(_SCHEME) + LONGEST_TOKEN:
        return value
    raise _unauthenticated("WRONG_TOKEN", f"The header {TOKEN_HEADER} has no possible token.")


def _last(headers: Headers, name: str) -> str:
    return next(reversed(headers.get_all(name)), "")


def _unauthenticated(reason: str, message: str) -> ServerError:
    return ServerError(StatusCode.UNAUTHENTICATED, message, reason=reason)
