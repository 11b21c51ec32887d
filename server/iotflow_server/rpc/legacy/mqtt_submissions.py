"""SubmitMqttTelemetryJson: readings of devices that use the older service's REST path for MQTT."""

from iotflow.v1 import legacy_service_pb2 as wire
from iotflow_server.auth.principal import Principal
from iotflow_server.errors import Unauthenticated
from iotflow_server.rpc.mqtt.advertised_broker import AdvertisedBroker
from iotflow_server.rpc.telemetry.submit import SubmitHandler


class MqttSubmissionHandler:
    """Stores a reading like SubmitTelemetryJson. The response has the equivalent MQTT topic."""

    def __init__(self, *, submissions: SubmitHandler, broker: AdvertisedBroker) -> None:
        self._submissions = submissions
        self._broker = broker

    async def submit(
        self, request: wire.SubmitMqttTelemetryRequest, principal: Principal
    ) -> wire.SubmitMqttTelemetryResponse:
        """SubmitMqttTelemetryJson."""
        device = principal.own_device()
        if device.id != request.device_id:
            raise Unauthenticated(
                "NOT_YOUR_DEVICE", f"This key is device {device.id}'s, not device {request.device_id}'s."
            )
        stored = await self._submissions.one(request.body, principal)
        return wire.SubmitMqttTelemetryResponse(
            message="Telemetry data processed successfully",
            device_id=device.id,
            device_name=device.name,
            topic=self._broker.credentials(device.id).topics.telemetry_publish,
            timestamp=stored.timestamp,
        )
