"""Sessions of MQTT clients, their connections at other endpoints, and the times of their messages."""

import math
from collections.abc import AsyncGenerator, Iterable

from iotflow.v1 import gateway_service_pb2 as wire
from iotflow.v1 import mqtt_session_pb2
from iotflow_server.auth.principal import Principal
from iotflow_server.mqtt.connections import MqttConnections, OpenedConnection
from iotflow_server.mqtt.deliveries import Delivery, DeliveryTimes, MqttDeliveries
from iotflow_server.mqtt.sessions import ClientConnection, MqttSessions, OpenedSession, SessionChange, Subscription
from iotflow_server.streams.active_streams import ActiveStreams

# Connections of one message of WatchMqttConnections.
MOST_OPENED = 1_000


class MqttSessionHandler:
    """OpenMqttSessions, UpdateMqttSessions, WatchMqttConnections and AllocateTimestamps."""

    def __init__(
        self,
        *,
        sessions: MqttSessions,
        connections: MqttConnections,
        deliveries: MqttDeliveries,
        active_streams: ActiveStreams,
    ) -> None:
        self._sessions = sessions
        self._connections = connections
        self._deliveries = deliveries
        self._active_streams = active_streams

    async def open(self, request: wire.OpenMqttSessionsRequest) -> wire.OpenMqttSessionsResponse:
        """OpenMqttSessions."""
        connections = [_connection(one) for one in request.connections]
        sessions = await self._sessions.open(request.endpoint, connections)
        opened = [self._opened(request.endpoint, one) for one in connections]
        self._connections.publish(opened)
        return wire.OpenMqttSessionsResponse(
            sessions=[_session(one, found.opened_at) for one, found in zip(sessions, opened, strict=True)]
        )

    def _opened(self, endpoint: str, one: ClientConnection) -> OpenedConnection:
        at = self._connections.next_time()
        return OpenedConnection(endpoint, one.device_id, one.username, one.client_id, at)

    async def watch(
        self, request: wire.WatchMqttConnectionsRequest, principal: Principal
    ) -> AsyncGenerator[wire.WatchMqttConnectionsResponse]:
        """WatchMqttConnections."""
        async with self._active_streams.open(principal) as stream:
            with self._connections.subscribe(request.endpoint) as subscription:
                stream.ended.add_done_callback(lambda _: subscription.wake())
                while not stream.end_error:
                    while some := subscription.take(MOST_OPENED):
                        opened = mqtt_session_pb2.MqttOpenedConnections(connections=map(_opened_connection, some))
                        yield wire.WatchMqttConnectionsResponse(opened=opened)
                    await subscription.wait()
            raise stream.end_error

    async def update(self, request: wire.UpdateMqttSessionsRequest) -> wire.UpdateMqttSessionsResponse:
        """UpdateMqttSessions."""
        lost = await self._sessions.update(request.endpoint, [_change(one) for one in request.changes])
        return wire.UpdateMqttSessionsResponse(lost_session_ids=sorted(lost))

    async def allocate(
        self, request: wire.AllocateTimestampsRequest, principal: Principal
    ) -> wire.AllocateTimestampsResponse:
        """AllocateTimestamps."""
        deliveries = [_delivery(one) for one in request.deliveries]
        times = await self._deliveries.allocate(request.endpoint, deliveries, caller=principal.limit_key)
        return wire.AllocateTimestampsResponse(times=map(_times, times))


def _connection(one: mqtt_session_pb2.MqttConnection) -> ClientConnection:
    client = one.client
    return ClientConnection(client.device_id, client.username, client.client_id, one.clean_start, one.expiry_seconds)


def _opened_connection(one: OpenedConnection) -> mqtt_session_pb2.MqttOpenedConnection:
    client = mqtt_session_pb2.MqttClient(device_id=one.device_id, username=one.username, client_id=one.client_id)
    return mqtt_session_pb2.MqttOpenedConnection(client=client, opened_at=one.opened_at)


def _session(one: OpenedSession, opened_at: int) -> mqtt_session_pb2.MqttSession:
    subscriptions = [
        mqtt_session_pb2.MqttSubscription(topic_filter=wanted, options=options, identifier=identifier)
        for wanted, options, identifier in one.subscriptions
    ]
    return mqtt_session_pb2.MqttSession(
        session_id=one.id,
        present=one.is_present,
        moved=one.has_moved,
        subscriptions=subscriptions,
        connection=one.connection,
        opened_at=opened_at,
    )


def _change(one: mqtt_session_pb2.MqttSessionChange) -> SessionChange:
    if one.WhichOneof("change") == "subscriptions":
        return SessionChange(one.session_id, _subscriptions(one.subscriptions.subscriptions))
    if one.WhichOneof("change") == "received_until":
        return SessionChange(one.session_id, received_until=one.received_until)
    ended = one.disconnected
    return SessionChange(one.session_id, ended=(ended.connection, ended.expiry_seconds))


def _subscriptions(some: Iterable[mqtt_session_pb2.MqttSubscription]) -> list[Subscription]:
    return [(one.topic_filter, one.options, one.identifier) for one in some]


def _delivery(one: mqtt_session_pb2.MqttDelivery) -> Delivery:
    return Delivery(one.device_id, one.readings, one.session_id, one.packet_id, one.digest, one.resent, one.connection)


def _times(one: DeliveryTimes) -> mqtt_session_pb2.MqttDeliveryTimes:
    return mqtt_session_pb2.MqttDeliveryTimes(
        first=one.first, step=one.step, retry_after_ms=math.ceil(one.retry_after * 1_000)
    )
