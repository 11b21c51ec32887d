"""Constructs the services for devices, gateways and MQTT brokers."""

from iotflow.mqtt_topics import TopicGrammar
from iotflow_server.composition.fleet import Fleet
from iotflow_server.composition.telemetry import Telemetry
from iotflow_server.mqtt.accounts import Usernames
from iotflow_server.mqtt.adapters import AdapterLinks, RejectionCounts
from iotflow_server.mqtt.deliveries import MqttDeliveries
from iotflow_server.rpc.codec.wire_devices import DeviceEncoder
from iotflow_server.rpc.commands.own_commands import OwnCommandHandler
from iotflow_server.rpc.config.own_config import OwnConfigHandler, ReportedConfigHandler
from iotflow_server.rpc.devices.registration import DeviceRegistrationHandler, OwnKeyHandler, RegistrationPolicy
from iotflow_server.rpc.devices.service import DeviceService
from iotflow_server.rpc.devices.status import StatusHandler
from iotflow_server.rpc.gateway.commands import GatewayCommandHandler
from iotflow_server.rpc.gateway.configs import GatewayConfigHandler
from iotflow_server.rpc.gateway.mqtt_sessions import MqttSessionHandler
from iotflow_server.rpc.gateway.presence_reports import PresenceReportHandler
from iotflow_server.rpc.gateway.service import GatewayService
from iotflow_server.rpc.mqtt.access import AccessHandler
from iotflow_server.rpc.mqtt.accounts import AccountHandler
from iotflow_server.rpc.mqtt.broker import AdvertisedBroker
from iotflow_server.rpc.mqtt.service import MqttService
from iotflow_server.settings import Settings
from iotflow_server.streams.active_streams import ActiveStreams
from iotflow_server.telemetry.times import utc_now_ms


def device_service(
    settings: Settings,
    fleet: Fleet,
    telemetry: Telemetry,
    active_streams: ActiveStreams,
    encoder: DeviceEncoder,
    broker: AdvertisedBroker,
) -> DeviceService:
    """DeviceService: requests of devices about themselves."""
    registry, last_seen = fleet.devices.registry, fleet.presence.last_seen
    return DeviceService(
        registration=DeviceRegistrationHandler(registry=registry, policy=RegistrationPolicy(settings.registration)),
        status=StatusHandler(
            registry=registry,
            last_seen=last_seen,
            online=fleet.presence.online,
            encoder=encoder,
            reader=telemetry.store.reader,
        ),
        config=OwnConfigHandler(
            registry=registry,
            desired=fleet.desired,
            reports=ReportedConfigHandler(registry=registry, last_seen=last_seen, encoder=encoder),
            last_seen=last_seen,
            active_streams=active_streams,
        ),
        keys=OwnKeyHandler(keys=fleet.devices.keys),
        commands=OwnCommandHandler(commands=fleet.commands.store, last_seen=last_seen, active_streams=active_streams),
        broker=broker,
    )


def gateway_service(
    fleet: Fleet, telemetry: Telemetry, active_streams: ActiveStreams, encoder: DeviceEncoder, links: AdapterLinks
) -> GatewayService:
    """GatewayService: requests of gateways on behalf of devices."""
    registry, last_seen, leases = fleet.devices.registry, fleet.presence.last_seen, fleet.commands.leases
    return GatewayService(
        commands=GatewayCommandHandler(
            commands=fleet.commands.store, leases=leases, last_seen=last_seen, active_streams=active_streams
        ),
        configs=GatewayConfigHandler(
            registry=registry,
            desired=fleet.desired,
            reports=ReportedConfigHandler(registry=registry, last_seen=last_seen, encoder=encoder),
            active_streams=active_streams,
            links=links,
        ),
        presence=PresenceReportHandler(
            registry=registry, last_seen=last_seen, online=fleet.presence.online, leases=leases
        ),
        sessions=MqttSessionHandler(
            sessions=fleet.sessions,
            connections=fleet.connections,
            deliveries=MqttDeliveries(fleet.database, telemetry.device_ingest.timestamps, utc_now_ms),
            active_streams=active_streams,
        ),
    )


def mqtt_service(
    settings: Settings, fleet: Fleet, active_streams: ActiveStreams, links: AdapterLinks, rejections: RejectionCounts
) -> MqttService:
    """MqttService: requests of MQTT brokers and their adapters."""
    usernames = Usernames(fleet.devices.registry)
    return MqttService(
        accounts=AccountHandler(
            accounts=fleet.devices.accounts,
            identities=fleet.access.identities,
            usernames=usernames,
            active_streams=active_streams,
            links=links,
        ),
        access=AccessHandler(
            identities=fleet.access.identities,
            usernames=usernames,
            topics=TopicGrammar(settings.mqtt_topic_prefix),
            anonymous=settings.mqtt_anonymous,
        ),
        rejections=rejections,
    )
