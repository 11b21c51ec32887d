"""Who may connect to the embedded broker, and what they may publish and hear."""

import hmac

import grpc
import structlog

from iotflow.v1.mqtt_service_pb2 import AuthenticateRequest
from iotflow.v1.mqtt_service_pb2_grpc import MqttServiceStub
from iotflow_gateway.accounts.directory import Directory
from iotflow_gateway.topics import Kind, Topics

log = structlog.get_logger(__name__)

ANSWER_SECONDS = 5.0
# Shows a registrar's token as password. No device has a name with a slash.
REGISTRAR = "iotflow/registrar"


class Undecided(Exception):
    """Nobody can say whether a client may connect."""


class Guard:
    """own: the adapter's account, name and password. discovery: whether clients without an account may register devices."""

    def __init__(
        self,
        channel: grpc.aio.Channel,
        metadata: tuple[tuple[str, str], ...],
        directory: Directory,
        topics: Topics,
        own: tuple[str, str],
        *,
        discovery: bool,
    ) -> None:
        self._stub = MqttServiceStub(channel)
        self._metadata = metadata
        self._directory = directory
        self._topics = topics
        self._own = own
        self._discovery = discovery

    async def admits(self, username: str, password: str) -> bool:
        """Raises Undecided while the server is away: clients come again."""
        if not username:
            return self._discovery
        if username == self._own[0]:
            return hmac.compare_digest(password.encode(), self._own[1].encode())
        request = AuthenticateRequest(username=username, password=password)
        try:
            answer = await self._stub.Authenticate(request, metadata=self._metadata, timeout=ANSWER_SECONDS)
        except grpc.aio.AioRpcError as error:
            log.warning("cannot tell who connects", problem=error.details())
            raise Undecided from None
        return answer.result == "allow"

    def problem(self, username: str) -> str:
        """Why somebody of this name was not let in."""
        if not username:
            return "without a login nobody is let in: registration is not open"
        if not self.is_device(username):
            return "wrong password"
        account = self._directory.account(self._directory.find(username) or 0)
        if account is None:
            return "no device has this id or name"
        return "the device is inactive; an admin can set it active" if account.status == "inactive" else "wrong key"

    def is_device(self, username: str) -> bool:
        """Neither a stranger, nor a registrar, nor the adapter's own account."""
        return username not in ("", self._own[0], REGISTRAR)

    def is_cut_off(self, username: str) -> bool:
        """Whether the device was removed or suspended."""
        if not self.is_device(username):
            return False
        account = self._directory.account(self._directory.find(username) or 0)
        return account is None or account.status == "inactive"

    def allows(self, username: str, client_id: str, topic: str, *, publishing: bool) -> bool:
        """A topic or a filter: below the client's own user name, by whichever it logged in."""
        if username == self._own[0]:
            return True
        if not username:
            return self._allows_stranger(client_id, topic, publishing=publishing)
        if username == REGISTRAR:
            return self._allows_registrar(topic, publishing=publishing)
        is_own = self._topics.is_below(topic, username)
        if publishing:
            # What the adapter says a device may not: retained, it would wait for the next device of its name.
            return is_own and self._topics.parse(topic).kind is not None
        return is_own or self._topics.is_to_groups(topic)

    def _allows_stranger(self, client_id: str, topic: str, *, publishing: bool) -> bool:
        """Asking to be registered, and hearing the answer, under the name that is the client's id: whoever asks for another one
        would not hear the key."""
        if publishing:
            asked = self._topics.parse(topic)
            return asked.kind is Kind.REGISTER and asked.device == client_id
        return topic == self._topics.response(client_id)

    def _allows_registrar(self, topic: str, *, publishing: bool) -> bool:
        """Asking for devices to be registered, and hearing one answer at a time."""
        if publishing:
            return self._topics.parse(topic).kind is Kind.REGISTER
        name = topic.removeprefix(self._topics.response(""))
        return name != topic and not set("/+#") & set(name)
