"""What an MQTT endpoint may ask about sessions is bounded: the bound itself is accepted, and what is beyond is refused by name."""

from collections.abc import Callable

import pytest
from google.protobuf.message import Message

from iotflow.v1 import gateway_service_pb2 as wire
from iotflow.v1 import mqtt_session_pb2 as session
from iotflow_server.errors import InvalidArgument
from iotflow_server.interceptors.validation import check


def opening(endpoint: str = "e", connections: int = 1, client_id: str = "c", expiry: int = 0) -> Message:
    client = session.MqttClient(device_id=1, client_id=client_id)
    connection = session.MqttConnection(client=client, expiry_seconds=expiry)
    return wire.OpenMqttSessionsRequest(endpoint=endpoint, connections=[connection] * connections)


def subscribed(filters: int = 1, topic_filter: str = "t", options: int = 0, changes: int = 1) -> Message:
    one = session.MqttSubscription(topic_filter=topic_filter, options=options)
    subscriptions = session.MqttSubscriptions(subscriptions=[one] * filters)
    change = session.MqttSessionChange(session_id=1, subscriptions=subscriptions)
    return wire.UpdateMqttSessionsRequest(endpoint="e", changes=[change] * changes)


def allocating(deliveries: int = 1, readings: int = 1) -> Message:
    one = session.MqttDelivery(device_id=1, readings=readings, session_id=1, packet_id=1)
    return wire.AllocateTimestampsRequest(endpoint="e", deliveries=[one] * deliveries)


BOUNDS = [
    ("endpoint", lambda over: opening(endpoint="e" * (64 + over))),
    ("endpoint", lambda over: wire.WatchMqttConnectionsRequest(endpoint="e" * (64 + over))),
    ("connections", lambda over: opening(connections=1_000 + over)),
    ("client_id", lambda over: opening(client_id="c" * (1_000 + over))),
    ("expiry_seconds", lambda over: opening(expiry=1_209_600 + over)),
    ("changes", lambda over: subscribed(changes=1_000 + over)),
    ("subscriptions", lambda over: subscribed(filters=50 + over)),
    ("topic_filter", lambda over: subscribed(topic_filter="t" * (1_000 + over))),
    ("options", lambda over: subscribed(options=63 + over)),
    ("deliveries", lambda over: allocating(deliveries=1_000 + over)),
    ("readings", lambda over: allocating(readings=10_000 + over)),
]


@pytest.mark.parametrize(("field", "request_with"), BOUNDS, ids=[field for field, _ in BOUNDS])
def test_a_bound_is_accepted_and_what_is_beyond_is_refused_by_name(
    field: str, request_with: Callable[[int], Message]
) -> None:
    check(request_with(0))
    with pytest.raises(InvalidArgument) as refused:
        check(request_with(1))
    assert field in refused.value.field
