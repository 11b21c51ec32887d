"""Connections of MQTT clients are published to the other endpoints, also by other processes."""

from iotflow_server.cluster.mqtt_connections import decode, encode
from iotflow_server.mqtt.connections import MqttConnections, OpenedConnection

NOW = 1_767_225_600_000
ONE = OpenedConnection("one", 1, "", "a client\0 with spaces ü", NOW)
OTHER = OpenedConnection("other", 0, "iotflow/gateway", "c", NOW + 1)


def test_an_endpoint_receives_the_connections_to_others() -> None:
    connections, published = MqttConnections(lambda: NOW), list[OpenedConnection]()
    connections.on_publish(published.extend)
    with connections.subscribe("one") as one, connections.subscribe("other") as other:
        connections.publish([ONE])
        connections.publish_remote([OTHER])
        assert one.take(10) == [OTHER]
        assert other.take(10) == [ONE]
    assert published == [ONE]


def test_a_later_connection_has_a_later_time() -> None:
    connections = MqttConnections(lambda: NOW)
    assert [connections.next_time() for _ in range(3)] == [NOW, NOW + 1, NOW + 2]


def test_processes_exchange_connections_as_texts_without_spaces() -> None:
    text = encode([ONE, OTHER])
    assert " " not in text
    assert decode(text) == [ONE, OTHER]
