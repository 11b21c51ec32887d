"""OpenMqttSessions, UpdateMqttSessions and AllocateTimestamps: sessions of MQTT clients, and the times of their messages."""

import math
from collections.abc import Iterable

from iotflow.v1 import gateway_service_pb2 as wire
from iotflow.v1 import mqtt_session_pb2
from iotflow_server.auth.principal import Principal
from iotflow_server.mqtt.deliveries import Delivery, DeliveryTimes, MqttDeliveries
from iotflow_server.mqtt.sessions import ClientConnection, MqttSessions, OpenedSession, SessionChange, Subscription


class MqttSessionHandler:
    """OpenMqttSessions, UpdateMqttSessions and AllocateTimestamps."""

    def __init__(self, sessions: MqttSessions, deliveries: MqttDeliveries) -> None:
        self._sessions = sessions
        self._deliveries = deliveries

    async def open(self, request: wire.OpenMqttSessionsRequest) -> wire.OpenMqttSessionsResponse:
        """OpenMqttSessions."""
        opened = await self._sessions.open(request.endpoint, [_connection(one) for one in request.connections])
        return wire.OpenMqttSessionsResponse(sessions=map(_session, opened))

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


def _session(one: OpenedSession) -> mqtt_session_pb2.MqttSession:
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
    )


def _change(one: mqtt_session_pb2.MqttSessionChange) -> SessionChange:
    if one.WhichOneof("change") == "subscriptions":
        return SessionChange(one.session_id, _subscriptions(one.subscriptions.subscriptions))
    ended = one.disconnected
    return SessionChange(one.session_id, ended=(ended.connection, ended.expiry_seconds))


def _subscriptions(some: Iterable[mqtt_session_pb2.MqttSubscription]) -> list[Subscription]:
    return [(one.topic_filter, one.options, one.identifier) for one in some]


def _delivery(one: mqtt_session_pb2.MqttDelivery) -> Delivery:
    return Delivery(one.device_id, one.readings, one.session_id, one.packet_id, one.digest, one.resent)


def _times(one: DeliveryTimes) -> mqtt_session_pb2.MqttDeliveryTimes:
    return mqtt_session_pb2.MqttDeliveryTimes(
        first=one.first, step=one.step, retry_after_ms=math.ceil(one.retry_after * 1_000)
    )
