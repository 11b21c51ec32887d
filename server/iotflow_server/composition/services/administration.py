"""Constructs the services for administration of the fleet."""

from iotflow_server.composition.fleet import Fleet
from iotflow_server.composition.telemetry import Telemetry
from iotflow_server.devices.statistics import DeviceStatistics
from iotflow_server.rpc.audit.service import AuditService
from iotflow_server.rpc.codec.wire_devices import DeviceEncoder
from iotflow_server.rpc.commands.service import CommandService
from iotflow_server.rpc.config.service import ConfigService
from iotflow_server.rpc.fleet.device_changes import DeviceChangeHandler, KeyResetHandler
from iotflow_server.rpc.fleet.device_imports import DeviceImportHandler
from iotflow_server.rpc.fleet.device_queries import DeviceQueryHandler
from iotflow_server.rpc.fleet.measurements import MeasurementHandler
from iotflow_server.rpc.fleet.service import FleetService
from iotflow_server.rpc.fleet.statistics import DeviceCounter, FleetStatistics, IngestStatistics
from iotflow_server.rpc.tokens.service import TokenService
from iotflow_server.streams.active_streams import ActiveStreams


def fleet_service(
    fleet: Fleet, telemetry: Telemetry, active_streams: ActiveStreams, encoder: DeviceEncoder
) -> FleetService:
    """FleetService: devices, their keys and measurements, and statistics of the fleet."""
    writer, reader, registry = telemetry.store.writer, telemetry.store.reader, fleet.devices.registry
    return FleetService(
        queries=DeviceQueryHandler(
            registry=registry,
            desired=fleet.desired,
            last_seen=fleet.presence.last_seen,
            online=fleet.presence.online,
            encoder=encoder,
            reader=reader,
        ),
        changes=DeviceChangeHandler(registry=registry, encoder=encoder, writer=writer),
        key_resets=KeyResetHandler(keys=fleet.devices.keys),
        imports=DeviceImportHandler(imports=fleet.imports, active_streams=active_streams),
        measurements=MeasurementHandler(writer=writer, reader=reader, registry=registry, audit=fleet.audit),
        statistics=fleet_statistics(fleet, telemetry, active_streams, encoder),
    )


def fleet_statistics(
    fleet: Fleet, telemetry: Telemetry, active_streams: ActiveStreams, encoder: DeviceEncoder
) -> FleetStatistics:
    """Statistics of the registry and of this process."""
    return FleetStatistics(
        figures=DeviceStatistics(fleet.database, index=fleet.index),
        counter=device_counter(fleet),
        ingest=IngestStatistics(
            tally=telemetry.device_ingest.tally, feed=telemetry.feed, active_streams=active_streams
        ),
        encoder=encoder,
        tokens=fleet.access.tokens,
        commands=fleet.commands.store,
    )


def device_counter(fleet: Fleet) -> DeviceCounter:
    """Counts of devices by status and presence."""
    return DeviceCounter(
        figures=DeviceStatistics(fleet.database, index=fleet.index),
        last_seen=fleet.presence.last_seen,
        online=fleet.presence.online,
    )


def command_service(fleet: Fleet, active_streams: ActiveStreams, heartbeat: float) -> CommandService:
    """CommandService: commands to devices. heartbeat: the interval of heartbeats, in seconds."""
    return CommandService(
        registry=fleet.devices.registry,
        commands=fleet.commands.store,
        active_streams=active_streams,
        heartbeat=heartbeat,
    )


def config_service(fleet: Fleet) -> ConfigService:
    """ConfigService: desired configurations."""
    return ConfigService(registry=fleet.devices.registry, desired=fleet.desired)


def token_service(fleet: Fleet, active_streams: ActiveStreams) -> TokenService:
    """TokenService: bearer tokens."""
    return TokenService(tokens=fleet.access.tokens, active_streams=active_streams)


def audit_service(fleet: Fleet) -> AuditService:
    """AuditService: the audit log."""
    return AuditService(audit=fleet.audit)
