"""The MQTT broker whose address the server gives to devices, and a check whether it accepts connections."""

import asyncio
import time
from dataclasses import dataclass

from iotflow.mqtt_topics import Kind, TopicGrammar
from iotflow.v1 import mqtt_pb2

CONNECT_SECONDS = 2.0
# The result is cached for this long, because anonymous callers may ask, and each check costs a name lookup and a connection.
CACHE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class AdvertisedBroker:
    """host: empty if there is no broker."""

    host: str
    port: int
    topics: TopicGrammar

    def credentials(self, device_id: int) -> mqtt_pb2.MqttCredentials:
        """The address, user name and topics of a device. Its password is its key."""
        own = self.topics.own(str(device_id))
        return mqtt_pb2.MqttCredentials(
            mqtt_host=self.host,
            mqtt_port=self.port,
            username=str(device_id),
            client_id=f"device_{device_id}",
            topics=mqtt_pb2.MqttTopics(
                telemetry_publish=f"{own.root}/{Kind.TELEMETRY}",
                status_publish=f"{own.root}/{Kind.STATUS}",
                commands_subscribe=f"{own.root}/commands",
                config_subscribe=f"{own.root}/config",
                errors_subscribe=own.errors,
            ),
        )


class BrokerProbe:
    """Checks whether a broker accepts connections. host: empty if there is no broker."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._started_at = 0.0
        self._result: asyncio.Task[bool] | None = None

    async def is_reachable(self) -> bool:
        """The result of a check at most a second ago. Concurrent calls share one check."""
        if not self._host:
            return False
        result = self._result
        if result is None or (result.done() and time.monotonic() - self._started_at > CACHE_SECONDS):
            self._started_at = time.monotonic()
            result = self._result = asyncio.create_task(self._connects(), name="broker probe")
        return await asyncio.shield(result)

    async def _connects(self) -> bool:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                _, writer = await asyncio.open_connection(self._host, self._port)
        except OSError:
            return False
        writer.close()
        return True
