"""Authentication of clients at the endpoint, and the topics that each may use."""

import hmac
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import grpc
import structlog

from iotflow.grouped_calls import GroupedCalls
from iotflow.mqtt_topics import REGISTRAR
from iotflow.v1.mqtt_service_pb2 import (
    AuthenticateRequest,
    FindAccountRequest,
    FindAccountResponse,
    FindAccountsRequest,
)
from iotflow.v1.mqtt_service_pb2_grpc import MqttServiceStub
from iotflow.words import DeviceStatus
from iotflow_gateway.accounts.directory import Directory
from iotflow_gateway.endpoint.client_certificates import ClientCertificate
from iotflow_gateway.topics import Topics

log = structlog.get_logger(__name__)

ANSWER_SECONDS = 5.0
# Keys of one call, and characters of a key; see FindAccountsRequest.
MOST_KEYS, LONGEST_KEY = 100, 256
UNKNOWN_KEY = (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.INVALID_ARGUMENT)


class AuthUnavailable(Exception):
    """The server does not answer, so that a login can be neither accepted nor rejected."""


@dataclass(frozen=True, slots=True)
class Login:
    """device_id: 0 for a login that is not of a device. usernames: of the device at the time of the login. key_ends_at: end of the
    validity of the key or the certificate; None: the key does not end by itself. certificate: None: the login is not by one."""

    username: str
    device_id: int = 0
    usernames: tuple[str, ...] = ()
    key_ends_at: datetime | None = None
    certificate: ClientCertificate | None = None


@dataclass(frozen=True, slots=True)
class AnonymousAccess:
    """Permissions of clients without a login. register: devices. publish: messages that hold an `api_key`."""

    register: bool
    publish: bool


class AccessControl:
    """adapter: name and password of the adapter's account."""

    def __init__(
        self,
        *,
        channel: grpc.aio.Channel,
        metadata: tuple[tuple[str, str], ...],
        directory: Directory,
        topics: Topics,
        adapter: tuple[str, str],
        anonymous: AnonymousAccess,
    ) -> None:
        self._stub = MqttServiceStub(channel)
        self._accounts = GroupedCalls(self._find_accounts, MOST_KEYS)
        self._metadata = metadata
        self._directory = directory
        self._topics = topics
        self._adapter = adapter
        self._anonymous = anonymous

    async def authenticate(
        self, username: str, password: str, certificate: ClientCertificate | None = None
    ) -> Login | None:
        """The login, or None if it is rejected. certificate: counts without a password. Raises AuthUnavailable while the server does
        not answer."""
        if certificate and not password and username in ("", certificate.name):
            return await self._answered(self._certified(certificate))
        if not username:
            return Login("") if self._anonymous.register or self._anonymous.publish else None
        if username == self._adapter[0]:
            is_correct = hmac.compare_digest(password.encode(), self._adapter[1].encode())
            return Login(username) if is_correct else None
        return await self._answered(
            self._registrar(password) if username == REGISTRAR else self._device(username, password)
        )

    async def _answered(self, asked: Awaitable[Login | None]) -> Login | None:
        try:
            return await asked
        except grpc.aio.AioRpcError as error:
            if error.code() in UNKNOWN_KEY:
                return None
            log.warning("authentication_unavailable", problem=error.details())
            raise AuthUnavailable from None

    def denial_reason(self, username: str) -> str:
        """The reason why a login with this name was rejected, for the log."""
        if not username:
            return "a client without a login: registration is not open, and IOTFLOW_GATEWAY_ANONYMOUS is false"
        if username in (self._adapter[0], REGISTRAR):
            return "wrong password"
        account = self._directory.account(self._directory.find(username) or 0)
        if account is None:
            return "no device has this id or name"
        return (
            "the device is inactive; an admin can set it active"
            if account.status == DeviceStatus.INACTIVE
            else "wrong key"
        )

    def allows(self, login: Login, client_id: str, topic: str, *, publishing: bool) -> bool:
        """Whether a client may use a topic or a filter. A device may use the topics of its id and of its name, whichever it logged
        in by."""
        if login.username == self._adapter[0]:
            return True
        if not login.username:
            return self._allows_anonymous(client_id, topic, publishing=publishing)
        if login.username == REGISTRAR:
            return self._topics.allows_registrar(topic, publishing=publishing)
        account = self._directory.account(login.device_id)
        usernames = account.usernames if account else login.usernames
        return self._topics.allows_device(usernames, topic, publishing=publishing)

    def _allows_anonymous(self, client_id: str, topic: str, *, publishing: bool) -> bool:
        if self._anonymous.publish and publishing and self._topics.allows_anonymous(topic):
            return True
        return self._anonymous.register and self._topics.allows_newcomer(client_id, topic, publishing=publishing)

    async def _registrar(self, password: str) -> Login | None:
        request = AuthenticateRequest(username=REGISTRAR, password=password)
        answer = await self._stub.Authenticate(request, metadata=self._metadata, timeout=ANSWER_SECONDS)
        return Login(REGISTRAR) if answer.result == "allow" else None

    async def _device(self, username: str, password: str) -> Login | None:
        found = await self._accounts.get(password) if len(password) <= LONGEST_KEY else None
        if found is None or found.account.status == DeviceStatus.INACTIVE:
            return None
        usernames = (str(found.account.device_id), found.account.name)
        return Login(username, found.account.device_id, usernames, _key_end(found)) if username in usernames else None

    async def _find_accounts(self, keys: Sequence[str]) -> dict[str, FindAccountResponse]:
        """The accounts of keys. Raises grpc.aio.AioRpcError."""
        request = FindAccountsRequest(api_keys=keys)
        answer = await self._stub.FindAccounts(request, metadata=self._metadata, timeout=ANSWER_SECONDS)
        return {key: found for key, found in zip(keys, answer.accounts, strict=True) if found.HasField("account")}

    async def _certified(self, certificate: ClientCertificate) -> Login | None:
        """The login of the device that has the certificate's name."""
        request = FindAccountRequest(username=certificate.name)
        found = await self._stub.FindAccount(request, metadata=self._metadata, timeout=ANSWER_SECONDS)
        if found.account.status == DeviceStatus.INACTIVE or not certificate.is_valid:
            return None
        usernames = (str(found.account.device_id), found.account.name)
        return Login(certificate.name, found.account.device_id, usernames, certificate.valid_until, certificate)


def _key_end(found: FindAccountResponse) -> datetime | None:
    return found.key_valid_until.ToDatetime(UTC) if found.HasField("key_valid_until") else None
