"""Constructs the service for readings and the service for clients of the older service."""

from iotflow_server.composition.fleet import Fleet
from iotflow_server.composition.services.administration import device_counter
from iotflow_server.composition.telemetry import Telemetry
from iotflow_server.health import HealthChecks
from iotflow_server.interceptors.authentication import Diagnostics
from iotflow_server.machine import Machine
from iotflow_server.rpc.legacy.service import DeviceStatusHandler, LegacyService, MqttSubmissionHandler
from iotflow_server.rpc.legacy.system_status import SystemStatusHandler
from iotflow_server.rpc.mqtt.broker import AdvertisedBroker
from iotflow_server.rpc.telemetry.aggregate import AggregateHandler
from iotflow_server.rpc.telemetry.export import ExportHandler
from iotflow_server.rpc.telemetry.live import LiveHandler
from iotflow_server.rpc.telemetry.query import QueryHandler
from iotflow_server.rpc.telemetry.service import DeletionHandler, TelemetryService
from iotflow_server.rpc.telemetry.status import StoreStatusHandler
from iotflow_server.rpc.telemetry.stream import TelemetryStreamHandler
from iotflow_server.rpc.telemetry.submit import SubmitHandler
from iotflow_server.settings import Settings
from iotflow_server.streams.active_streams import ActiveStreams
from iotflow_server.telemetry.stores.choice import location_of


def telemetry_service(
    settings: Settings, fleet: Fleet, telemetry: Telemetry, active_streams: ActiveStreams, diagnostics: Diagnostics
) -> TelemetryService:
    """TelemetryService: stores, queries, streams and deletes readings."""
    device_ingest, reader, writer = telemetry.device_ingest, telemetry.store.reader, telemetry.store.writer
    queries = QueryHandler(reader=reader, registry=fleet.devices.registry, device_cache=device_ingest.device_cache)
    return TelemetryService(
        submissions=SubmitHandler(device_ingest),
        streams=TelemetryStreamHandler(
            device_ingest=device_ingest, active_streams=active_streams, window=settings.stream_window
        ),
        queries=queries,
        aggregates=AggregateHandler(reader=reader, queries=queries),
        exports=ExportHandler(reader=reader, queries=queries, active_streams=active_streams),
        live=LiveHandler(
            feed=telemetry.feed,
            reader=reader,
            queries=queries,
            active_streams=active_streams,
            heartbeat=settings.heartbeat_seconds,
        ),
        deletions=DeletionHandler(writer=writer, queries=queries, audit=fleet.audit),
        status=StoreStatusHandler(
            writer=writer,
            location=location_of(settings.telemetry_url),
            registry=fleet.devices.registry,
            diagnostics=diagnostics,
        ),
    )


def legacy_service(
    settings: Settings, fleet: Fleet, telemetry: Telemetry, checks: HealthChecks, broker: AdvertisedBroker
) -> LegacyService:
    """LegacyService: the REST paths of the older service."""
    return LegacyService(
        status=SystemStatusHandler(checks=checks, machine=Machine(settings.data_dir), counter=device_counter(fleet)),
        devices=DeviceStatusHandler(registry=fleet.devices.registry, online=fleet.presence.online),
        submissions=MqttSubmissionHandler(submissions=SubmitHandler(telemetry.device_ingest), broker=broker),
    )
