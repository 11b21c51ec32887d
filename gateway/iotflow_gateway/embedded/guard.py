"""Who may connect to the embedded broker, and what they may publish and hear."""

import hmac
from dataclasses import dataclass
from datetime import UTC, datetime

import grpc
import structlog

from iotflow.mqtt_topics import REGISTRAR
from iotflow.v1.mqtt_service_pb2 import AuthenticateRequest, FindAccountRequest, FindAccountResponse
from iotflow.v1.mqtt_service_pb2_grpc import MqttServiceStub
from iotflow.words import DeviceStatus
from iotflow_gateway.accounts.directory import Directory
from iotflow_gateway.topics import Topics

log = structlog.get_logger(__name__)

ANSWER_SECONDS = 5.0
NOBODYS = (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.INVALID_ARGUMENT)


class AuthUnavailable(Exception):
    """Nobody can say whether a client may connect."""


@dataclass(frozen=True, slots=True)
class Login:
    """device_id: 0 where it is no device's. usernames: the device's, as they were then. key_ends_at: when the key that was
    shown is void; None: not by itself."""

    username: str
    device_id: int = 0
    usernames: tuple[str, ...] = ()
    key_ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class UnknownLogins:
    """What clients without a login may do. newcomers: register devices. publishers: publish messages that hold an `api_key`."""

    newcomers: bool
    publishers: bool


class Guard:
    """own: the adapter's account, name and password."""

    def __init__(
        self,
        channel: grpc.aio.Channel,
        metadata: tuple[tuple[str, str], ...],
        directory: Directory,
        topics: Topics,
        own: tuple[str, str],
        strangers: UnknownLogins,
    ) -> None:
        self._stub = MqttServiceStub(channel)
        self._metadata = metadata
        self._directory = directory
        self._topics = topics
        self._own = own
        self._strangers = strangers

    async def admits(self, username: str, password: str) -> Login | None:
        """None: not with this password. Raises Undecided while the server is away: clients come again."""
        if not username:
            return Login("") if self._strangers.newcomers or self._strangers.publishers else None
        if username == self._own[0]:
            return Login(username) if hmac.compare_digest(password.encode(), self._own[1].encode()) else None
        try:
            if username == REGISTRAR:
                return await self._registrar(password)
            return await self._device(username, password)
        except grpc.aio.AioRpcError as error:
            if error.code() in NOBODYS:
                return None
            log.warning("cannot tell who connects", problem=error.details())
            raise AuthUnavailable from None

    def problem(self, username: str) -> str:
        """Why somebody of this name was not let in."""
        if not username:
            return "without a login nobody is let in: registration is not open, and IOTFLOW_GATEWAY_ANONYMOUS is off"
        if username in (self._own[0], REGISTRAR):
            return "wrong password"
        account = self._directory.account(self._directory.find(username) or 0)
        if account is None:
            return "no device has this id or name"
        return (
            "the device is inactive; an admin can set it active"
            if account.status == DeviceStatus.INACTIVE
            else "wrong key"
        )

    def is_known(self, device_id: int) -> bool:
        """Whether there is such a device."""
        return self._directory.account(device_id) is not None

    def allows(self, login: Login, client_id: str, topic: str, *, publishing: bool) -> bool:
        """A topic or a filter: below the device's own id and name, by whichever it logged in."""
        if login.username == self._own[0]:
            return True
        if not login.username:
            return self._allows_stranger(client_id, topic, publishing=publishing)
        if login.username == REGISTRAR:
            return self._topics.allows_registrar(topic, publishing=publishing)
        account = self._directory.account(login.device_id)
        usernames = account.usernames if account else login.usernames
        return self._topics.allows_device(usernames, topic, publishing=publishing)

    def _allows_stranger(self, client_id: str, topic: str, *, publishing: bool) -> bool:
        if self._strangers.publishers and publishing and self._topics.allows_anonymous(topic):
            return True
        return self._strangers.newcomers and self._topics.allows_newcomer(client_id, topic, publishing=publishing)

    async def _registrar(self, password: str) -> Login | None:
        request = AuthenticateRequest(username=REGISTRAR, password=password)
        answer = await self._stub.Authenticate(request, metadata=self._metadata, timeout=ANSWER_SECONDS)
        return Login(REGISTRAR) if answer.result == "allow" else None

    async def _device(self, username: str, password: str) -> Login | None:
        request = FindAccountRequest(api_key=password)
        found = await self._stub.FindAccount(request, metadata=self._metadata, timeout=ANSWER_SECONDS)
        usernames = (str(found.account.device_id), found.account.name)
        if username not in usernames or found.account.status == DeviceStatus.INACTIVE:
            return None
        return Login(username, found.account.device_id, usernames, _end_of_key(found))


def _end_of_key(found: FindAccountResponse) -> datetime | None:
    return found.key_valid_until.ToDatetime(UTC) if found.HasField("key_valid_until") else None
