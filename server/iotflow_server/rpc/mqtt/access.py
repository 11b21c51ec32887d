"""Authenticate and Authorize: checks of logins and topics for MQTT brokers."""

from iotflow.mqtt_topics import ADAPTER, REGISTRAR, TopicGrammar
from iotflow.topic_names import ANONYMOUS
from iotflow.v1 import mqtt_service_pb2 as wire
from iotflow.words import DeviceStatus, MqttAction, MqttDecision, Role
from iotflow_server.auth.identities import Identities
from iotflow_server.mqtt.accounts import Usernames

ROLES = {ADAPTER: (Role.GATEWAY, Role.ADMIN), REGISTRAR: (Role.REGISTRAR, Role.ADMIN)}


class AccessHandler:
    """topics: the topics that each user name may use.

    anonymous: whether clients without a user name may publish messages that contain an `api_key`.
    """

    def __init__(self, *, identities: Identities, usernames: Usernames, topics: TopicGrammar, anonymous: bool) -> None:
        self._identities = identities
        self._usernames = usernames
        self._topics = topics
        self._anonymous = anonymous

    async def authenticate(self, request: wire.AuthenticateRequest) -> wire.AuthenticateResponse:
        """Authenticate."""
        if request.username in ROLES:
            token = await self._identities.token(request.password)
            allowed = token is not None and token.role in ROLES[request.username]
            return wire.AuthenticateResponse(
                result=_result(allowed), is_superuser=allowed and request.username == ADAPTER
            )
        if not request.username:
            return wire.AuthenticateResponse(result=_result(self._anonymous))
        device = await self._identities.device(request.password)
        is_own = device is not None and request.username in (str(device.id), device.name)
        return wire.AuthenticateResponse(
            result=_result(is_own and device is not None and device.status != DeviceStatus.INACTIVE)
        )

    async def authorize(self, request: wire.AuthorizeRequest) -> wire.AuthorizeResponse:
        """Authorize."""
        return wire.AuthorizeResponse(result=_result(await self._allows(request)))

    async def _allows(self, request: wire.AuthorizeRequest) -> bool:
        topic, publishing = request.mountpoint + request.topic, request.action == MqttAction.PUBLISH
        if request.username == ADAPTER:
            return True
        if request.username == REGISTRAR:
            return self._topics.allows_registrar(topic, publishing=publishing)
        if not request.username:
            return self._anonymous and publishing and self._is_anonymous_topic(topic)
        device = await self._usernames.device(request.username)
        if device is None or device.status == DeviceStatus.INACTIVE:
            return False
        return self._topics.allows_device((str(device.id), device.name), topic, publishing=publishing)

    def _is_anonymous_topic(self, topic: str) -> bool:
        """Whether the topic begins with the mount point for anonymous messages.

        The adapter attributes messages on other topics to the device in the topic.
        """
        return topic.startswith(ANONYMOUS) and self._topics.allows_anonymous(topic.removeprefix(ANONYMOUS))


def _result(allowed: bool) -> str:
    return MqttDecision.ALLOW if allowed else MqttDecision.DENY
