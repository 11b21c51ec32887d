"""Who may connect to the embedded broker, and what they may publish and hear."""

import hmac

import grpc
import structlog

from iotflow.v1.mqtt_service_pb2 import AuthenticateRequest
from iotflow.v1.mqtt_service_pb2_grpc import MqttServiceStub
from iotflow_gateway.accounts.directory import Directory
from iotflow_gateway.topics import OLDER, Topics

log = structlog.get_logger(__name__)

ANSWER_SECONDS = 5.0


class Guard:
    """own: the adapter's account, name and password. discovery: whether clients without an account may register devices."""

    def __init__(
        self,
        channel: grpc.aio.Channel,
        metadata: tuple[tuple[str, str], ...],
        directory: Directory,
        prefix: str,
        own: tuple[str, str],
        *,
        discovery: bool,
    ) -> None:
        self._stub = MqttServiceStub(channel)
        self._metadata = metadata
        self._directory = directory
        self._topics = Topics(prefix)
        self._devices = (f"{prefix}/devices/", f"{OLDER}/")
        self._fleet = f"{prefix}/fleet/commands/"
        self._register, self._response = f"{prefix}/discovery/register/", f"{prefix}/discovery/response/"
        self._own = own
        self._discovery = discovery

    async def admits(self, username: str, password: str) -> bool:
        """Nobody while the server is away: clients come again."""
        if not username:
            return self._discovery
        if username == self._own[0]:
            return hmac.compare_digest(password.encode(), self._own[1].encode())
        request = AuthenticateRequest(username=username, password=password)
        try:
            answer = await self._stub.Authenticate(request, metadata=self._metadata, timeout=ANSWER_SECONDS)
        except grpc.aio.AioRpcError as error:
            log.warning("cannot tell who connects", problem=error.details())
            return False
        return answer.result == "allow"

    def is_cut_off(self, username: str) -> bool:
        """Whether the device was removed or suspended."""
        if not username or username == self._own[0]:
            return False
        account = self._directory.account(self._directory.find(username) or 0)
        return account is None or account.status == "inactive"

    def allows(self, username: str, client_id: str, topic: str, *, publishing: bool) -> bool:
        """A topic or a filter: below the client's own user name, by whichever it logged in."""
        if username == self._own[0]:
            return True
        if not username:
            return self._allows_stranger(client_id, topic, publishing=publishing)
        if not publishing and topic.startswith(self._fleet):
            return True
        is_below = any(topic.startswith(f"{root}{username}/") for root in self._devices)
        # What the adapter says a device may not: retained, it would wait for the next device of its name.
        return is_below and (not publishing or self._topics.parse(topic).kind is not None)

    def _allows_stranger(self, client_id: str, topic: str, *, publishing: bool) -> bool:
        """Asking to be registered, and hearing the answer under the name that is the client's id."""
        return topic.startswith(self._register) if publishing else topic == self._response + client_id
