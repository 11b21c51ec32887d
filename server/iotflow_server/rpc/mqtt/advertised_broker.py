"""The MQTT broker whose address the server gives to devices."""

from dataclasses import dataclass

from iotflow.v1 import mqtt_pb2


@dataclass(frozen=True, slots=True)
class AdvertisedBroker:
    """host: empty if there is no broker. prefix: the first level of every topic."""

    host: str
    port: int
    prefix: str

    def credentials(self, device_id: int) -> mqtt_pb2.MqttCredentials:
        """The address, user name and topics of a device. Its password is its key."""
        root = f"{self.prefix}/devices/{device_id}"
        return mqtt_pb2.MqttCredentials(
            mqtt_host=self.host,
            mqtt_port=self.port,
            username=str(device_id),
            client_id=f"device_{device_id}",
            topics=mqtt_pb2.MqttTopics(
                telemetry_publish=f"{root}/telemetry",
                status_publish=f"{root}/status",
                commands_subscribe=f"{root}/commands",
                config_subscribe=f"{root}/config",
                errors_subscribe=f"{root}/errors",
            ),
        )
