"""The sessions that outlive their connections, as the server stores them for all endpoints."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

import grpc
import structlog

from iotflow.errors import server_error
from iotflow.v1.gateway_service_pb2 import (
    OpenMqttSessionsRequest,
    UpdateMqttSessionsRequest,
    UpdateMqttSessionsResponse,
    WatchMqttConnectionsRequest,
)
from iotflow.v1.gateway_service_pb2_grpc import GatewayServiceStub
from iotflow.v1.mqtt_session_pb2 import (
    MqttClient,
    MqttConnection,
    MqttDisconnection,
    MqttSession,
    MqttSessionChange,
    MqttSubscription,
    MqttSubscriptions,
)
from iotflow_gateway.endpoint.access_control import ANSWER_SECONDS, AuthUnavailable
from iotflow_gateway.endpoint.grouped_calls import GroupedCalls
from iotflow_gateway.endpoint.session import Granted, SessionKey
from iotflow_gateway.mqtt.subscribe import options_of, subscription_of
from iotflow_gateway.pipeline.message import Rejected, StoredSession
from iotflow_gateway.retries import StreamFailures, call_with_retries

log = structlog.get_logger(__name__)

# Connections, and changes, of one call.
MOST = 1_000
# Time for the changes that wait when the endpoint stops.
CLOSE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """id: 0: the session is not stored. is_present: it had a connection before. has_moved: another endpoint held it before. connection:
    the number of the connection among those of the session. opened_at: milliseconds since 1970 UTC; later for a later connection of the
    client, also at another endpoint."""

    id: int = 0
    is_present: bool = False
    has_moved: bool = False
    connection: int = 0
    subscriptions: Sequence[Granted] = ()
    opened_at: int = 0


class SessionStore(Protocol):
    """Sessions of all endpoints."""

    async def open(self, key: SessionKey, *, is_clean: bool, expiry: int) -> OpenedSession:
        """Open the session of a client, which no other endpoint holds from then on. Raises AuthUnavailable."""
        ...

    async def store_subscriptions(self, session: StoredSession, subscriptions: Iterable[Granted]) -> None:
        """Store all subscriptions of a session; they are durable on return."""
        ...

    def end_connection(self, session: StoredSession, expiry: int) -> None:
        """Record that the connection of a session has ended. expiry: seconds for which the session outlives it."""
        ...

    def record_received(self, session: StoredSession, until: int) -> None:
        """Record that the client has the acknowledgements of messages with times up to `until`."""
        ...

    async def watch(self, on_opened: Callable[[SessionKey, int], None]) -> None:
        """Call on_opened with each client that connects to another endpoint, and the time of the connection, until cancelled."""
        ...


class RegistrySessions:
    """SessionStore at the server. Requests that arrive during a call share the next one. endpoint: this process."""

    def __init__(self, channel: grpc.aio.Channel, metadata: tuple[tuple[str, str], ...], endpoint: str) -> None:
        self._stub = GatewayServiceStub(channel)
        self._metadata = metadata
        self._endpoint = endpoint
        self._connections = GroupedCalls(self._open, MOST)
        self._changes = GroupedCalls(self._update, MOST)

    async def close(self) -> None:
        """Store the changes that wait, within a limited time, and cancel all other calls."""
        await self._connections.close()
        await self._changes.finish(CLOSE_SECONDS)
        await self._changes.close()

    async def open(self, key: SessionKey, *, is_clean: bool, expiry: int) -> OpenedSession:
        device_id, username, client_id = key
        client = MqttClient(device_id=device_id, username=username, client_id=client_id)
        wanted = MqttConnection(client=client, clean_start=is_clean, expiry_seconds=expiry)
        try:
            return _opened(await self._connections.submit(wanted))
        except grpc.aio.AioRpcError as error:
            log.warning("sessions_unavailable", problem=str(server_error(error)))
            raise AuthUnavailable from None

    async def store_subscriptions(self, session: StoredSession, subscriptions: Iterable[Granted]) -> None:
        some = MqttSubscriptions(subscriptions=map(_subscription, subscriptions))
        await self._change(session, MqttSessionChange(session_id=session.id, subscriptions=some))

    def end_connection(self, session: StoredSession, expiry: int) -> None:
        ended = MqttDisconnection(connection=session.connection, expiry_seconds=expiry)
        session.is_ended = not expiry
        # The server may be away until the endpoint ends: the session then lasts until its expiry.
        self._changes.submit(MqttSessionChange(session_id=session.id, disconnected=ended))

    def record_received(self, session: StoredSession, until: int) -> None:
        self._changes.submit(MqttSessionChange(session_id=session.id, received_until=until))

    async def watch(self, on_opened: Callable[[SessionKey, int], None]) -> None:
        failures = StreamFailures("connections", longest=1.0)
        request = WatchMqttConnectionsRequest(endpoint=self._endpoint)
        while True:
            try:
                async for answer in self._stub.WatchMqttConnections(request, metadata=self._metadata):
                    failures.reset()
                    for one in answer.opened.connections:
                        client = one.client
                        on_opened((client.device_id, client.username, client.client_id), one.opened_at)
            except grpc.aio.AioRpcError as failure:
                await asyncio.sleep(failures.delay(server_error(failure)))

    async def _change(self, session: StoredSession, change: MqttSessionChange) -> None:
        if not await self._changes.submit(change) and not session.is_ended:
            session.lose()

    async def _open(self, connections: Sequence[MqttConnection]) -> Sequence[MqttSession]:
        wanted = OpenMqttSessionsRequest(endpoint=self._endpoint, connections=connections)
        answer = await self._stub.OpenMqttSessions(wanted, metadata=self._metadata, timeout=ANSWER_SECONDS)
        return answer.sessions

    async def _update(self, changes: Sequence[MqttSessionChange]) -> Sequence[bool]:
        """For each change whether it is stored: this endpoint holds the session."""
        wanted = UpdateMqttSessionsRequest(endpoint=self._endpoint, changes=changes)
        try:
            answer = await call_with_retries(lambda: self._stub.UpdateMqttSessions(wanted, metadata=self._metadata))
        except Rejected as rejected:
            log.warning("sessions_not_stored", problem=rejected.message)
            return [True] * len(changes)
        lost = set(cast(UpdateMqttSessionsResponse, answer).lost_session_ids)
        return [one.session_id not in lost for one in changes]


def _opened(session: MqttSession) -> OpenedSession:
    subscriptions = [
        Granted(subscription_of(one.topic_filter, one.options), one.identifier) for one in session.subscriptions
    ]
    return OpenedSession(
        session.session_id, session.present, session.moved, session.connection, subscriptions, session.opened_at
    )


def _subscription(granted: Granted) -> MqttSubscription:
    one = granted.subscription
    return MqttSubscription(topic_filter=one.topic_filter, options=options_of(one), identifier=granted.identifier)
