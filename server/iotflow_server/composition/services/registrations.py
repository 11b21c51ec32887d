"""Constructs all services, and the functions that add them to a server."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import grpc

from iotflow.mqtt_topics import TopicGrammar
from iotflow.v1 import (
    audit_service_pb2_grpc,
    command_service_pb2_grpc,
    config_service_pb2_grpc,
    device_service_pb2_grpc,
    fleet_service_pb2_grpc,
    gateway_service_pb2_grpc,
    legacy_service_pb2_grpc,
    mqtt_service_pb2_grpc,
    system_service_pb2_grpc,
    telemetry_service_pb2_grpc,
    token_service_pb2_grpc,
)
from iotflow_server.composition.fleet import Fleet
from iotflow_server.composition.services.administration import (
    audit_service,
    command_service,
    config_service,
    fleet_service,
    token_service,
)
from iotflow_server.composition.services.devices import device_service, gateway_service, mqtt_service
from iotflow_server.composition.services.telemetry import legacy_service, telemetry_service
from iotflow_server.composition.telemetry import Telemetry
from iotflow_server.health import HealthChecks
from iotflow_server.interceptors.authentication import Diagnostics
from iotflow_server.metrics import Metrics
from iotflow_server.mqtt.adapters import AdapterLinks, RejectionCounts
from iotflow_server.rpc.codec.wire_devices import DeviceEncoder
from iotflow_server.rpc.mqtt.broker import AdvertisedBroker
from iotflow_server.rpc.system.service import SystemService
from iotflow_server.settings import Settings
from iotflow_server.streams.active_streams import ActiveStreams

# A function that adds one service to a server.
AddToServer = Callable[[grpc.aio.Server], None]


@dataclass(frozen=True, slots=True)
class SharedServices:
    """The components that several services use. links: the connected MQTT adapters."""

    active_streams: ActiveStreams
    diagnostics: Diagnostics
    checks: HealthChecks
    metrics: Metrics
    links: AdapterLinks


def registrations(settings: Settings, fleet: Fleet, telemetry: Telemetry, shared: SharedServices) -> list[AddToServer]:
    """One function for each service of the contract."""
    active_streams, links = shared.active_streams, shared.links
    encoder = DeviceEncoder(fleet.presence.last_seen, fleet.presence.online)
    broker = AdvertisedBroker(settings.mqtt_host, settings.mqtt_port, TopicGrammar(settings.mqtt_topic_prefix))
    rejections = RejectionCounts()
    devices = device_service(settings, fleet, telemetry, active_streams, encoder, broker)
    gateways = gateway_service(fleet, telemetry, active_streams, encoder, links)
    mqtt = mqtt_service(settings, fleet, active_streams, links, rejections)
    readings = telemetry_service(settings, fleet, telemetry, active_streams, shared.diagnostics)
    legacy = legacy_service(settings, fleet, telemetry, shared.checks, broker)
    commands = command_service(fleet, active_streams, settings.heartbeat_seconds)
    system = SystemService(
        checks=shared.checks,
        metrics=shared.metrics,
        broker=broker,
        rejections=rejections,
        diagnostics=shared.diagnostics,
    )
    administration = fleet_service(fleet, telemetry, active_streams, encoder)
    return [
        partial(device_service_pb2_grpc.add_DeviceServiceServicer_to_server, devices),
        partial(gateway_service_pb2_grpc.add_GatewayServiceServicer_to_server, gateways),
        partial(mqtt_service_pb2_grpc.add_MqttServiceServicer_to_server, mqtt),
        partial(telemetry_service_pb2_grpc.add_TelemetryServiceServicer_to_server, readings),
        partial(fleet_service_pb2_grpc.add_FleetServiceServicer_to_server, administration),
        partial(command_service_pb2_grpc.add_CommandServiceServicer_to_server, commands),
        partial(config_service_pb2_grpc.add_ConfigServiceServicer_to_server, config_service(fleet)),
        partial(token_service_pb2_grpc.add_TokenServiceServicer_to_server, token_service(fleet, active_streams)),
        partial(audit_service_pb2_grpc.add_AuditServiceServicer_to_server, audit_service(fleet)),
        partial(system_service_pb2_grpc.add_SystemServiceServicer_to_server, system),
        partial(legacy_service_pb2_grpc.add_LegacyServiceServicer_to_server, legacy),
    ]
