"""The MQTT broker as devices are told of it."""

import asyncio
from dataclasses import dataclass

from iotflow.v1 import device_service_pb2

REACH_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Broker:
    """host empty: there is none. prefix: the first part of every topic."""

    host: str
    port: int
    prefix: str

    async def is_reachable(self) -> bool:
        """Whether somebody listens there; found out anew at each call."""
        if not self.host:
            return False
        try:
            async with asyncio.timeout(REACH_SECONDS):
                _, writer = await asyncio.open_connection(self.host, self.port)
        except OSError:
            return False
        writer.close()
        return True

    def credentials(self, device_id: int) -> device_service_pb2.MqttCredentials:
        """Address, user name and topics; the password is the device's key."""
        root = f"{self.prefix}/devices/{device_id}"
        return device_service_pb2.MqttCredentials(
            mqtt_host=self.host,
            mqtt_port=self.port,
            username=str(device_id),
            client_id=f"device_{device_id}",
            topics=device_service_pb2.MqttTopics(
                telemetry_publish=f"{root}/telemetry",
                status_publish=f"{root}/status",
                commands_subscribe=f"{root}/commands",
                config_subscribe=f"{root}/config",
                errors_subscribe=f"{root}/errors",
            ),
        )
