"""Whom each method is open to."""

from iotflow_server.auth.principal import Role
from iotflow_server.reflection import NAMES as REFLECTION_SERVICES

ALL = frozenset(Role)
# No credential is even looked at.
OPEN: frozenset[Role] = frozenset()
DEVICE = frozenset({Role.DEVICE})
GATEWAY = frozenset({Role.GATEWAY, Role.ADMIN})
WRITER = frozenset({Role.DEVICE, Role.GATEWAY, Role.ADMIN})
READER = frozenset({Role.DEVICE, Role.VIEWER, Role.ADMIN})
PUBLIC = READER | {Role.ANONYMOUS}
VIEWER = frozenset({Role.VIEWER, Role.ADMIN})
ADMIN = frozenset({Role.ADMIN})

DEVICE_METHODS = {
    # The registration setting decides.
    "RegisterDevice": ALL,
    "GetDeviceStatus": DEVICE,
    "SendHeartbeat": DEVICE,
    "GetDeviceConfig": DEVICE,
    "UpdateDeviceConfig": DEVICE,
    "UpdateDeviceConfigJson": DEVICE,
    "UnregisterDevice": DEVICE,
    "RotateApiKey": DEVICE,
    "RotateApiKeyJson": DEVICE,
    "EndKeyGrace": DEVICE,
    "GetMqttCredentials": DEVICE,
    "StreamCommands": DEVICE,
    "ListPendingCommands": DEVICE,
    "AckCommand": DEVICE,
    "WatchConfig": DEVICE,
}
READING_METHODS = (
    "GetTelemetry",
    "GetLatestTelemetry",
    "ListLatestTelemetry",
    "AggregateTelemetry",
    "GetTelemetryRange",
    "ReadTelemetry",
    "ExportTelemetry",
    "SubscribeTelemetry",
)
WRITING_METHODS = ("SubmitTelemetry", "SubmitTelemetryJson", "SubmitReadings", "SubmitReadingsJson", "StreamTelemetry")
FLEET_METHODS = {
    **dict.fromkeys(
        ("ListDevices", "GetDevice", "ListMeasurements", "GetDashboard", "GetAnalytics", "GetStats"), VIEWER
    ),
    **dict.fromkeys(("UpdateDevice", "DeleteDevice", "SetDeviceStatus", "DropMeasurement", "RetypeMeasurement"), ADMIN),
    **dict.fromkeys(("ResetDeviceKey", "ResetDeviceKeyJson"), ADMIN),
}
COMMAND_METHODS = {
    **dict.fromkeys(("GetCommand", "ListCommands", "WatchCommands"), VIEWER),
    **dict.fromkeys(("SendCommand", "SendGroupCommand", "CancelCommand"), ADMIN),
}
CONFIG_METHODS = {
    **dict.fromkeys(("GetConfigTwin", "ListConfigVersions"), VIEWER),
    **dict.fromkeys(("SetDesiredConfig", "PatchDesiredConfig"), ADMIN),
}
TOKEN_METHODS = ("CreateToken", "CreateTokenJson", "ListTokens", "RevokeToken")
GATEWAY_METHODS = (
    "StreamDeviceCommands",
    "AckDeviceCommand",
    "WatchDeviceConfigs",
    "ReportDeviceConfig",
    "ReportPresence",
)
MQTT_METHODS = ("WatchAccounts", "FindAccount", "ReportRefusals", "Authenticate", "Authorize")
# Streams that end by themselves, and those that go on for as long as somebody listens, by full name.
READS = ("/iotflow.v1.TelemetryService/ReadTelemetry", "/iotflow.v1.TelemetryService/ExportTelemetry")
SUBSCRIPTIONS = ("/iotflow.v1.TelemetryService/SubscribeTelemetry", "/iotflow.v1.CommandService/WatchCommands")
# GetHealth tells details to those alone that diagnostics are open to.
SYSTEM_METHODS = ("GetHealth", "GetMqttStatus")
REFLECTION_METHODS = tuple(f"/{name}/ServerReflectionInfo" for name in REFLECTION_SERVICES)


def diagnostics_open_to(*, public: bool) -> frozenset[Role]:
    """The roles that may see metrics, health in detail and the contract by reflection."""
    return ALL if public else VIEWER


def permissions(*, public_reads: bool, public_diagnostics: bool) -> dict[str, frozenset[Role]]:
    """The roles of each method by full name; OPEN: anyone."""
    diagnostics = diagnostics_open_to(public=public_diagnostics)
    readers = PUBLIC if public_reads else READER
    telemetry = (
        dict.fromkeys(READING_METHODS, readers)
        | dict.fromkeys(WRITING_METHODS, WRITER)
        | {"DeleteTelemetry": ADMIN, "GetTelemetryStatus": OPEN}
    )
    services = {
        "DeviceService": DEVICE_METHODS,
        "TelemetryService": telemetry,
        "FleetService": FLEET_METHODS,
        "CommandService": COMMAND_METHODS,
        "ConfigService": CONFIG_METHODS,
        "TokenService": dict.fromkeys(TOKEN_METHODS, ADMIN),
        "AuditService": {"ListAuditEntries": ADMIN},
        "GatewayService": dict.fromkeys(GATEWAY_METHODS, GATEWAY),
        "MqttService": dict.fromkeys(MQTT_METHODS, GATEWAY),
        "LegacyService": {
            "GetServiceInfo": OPEN,
            "GetSystemStatus": diagnostics,
            "SubmitMqttTelemetryJson": DEVICE,
            "ListDeviceStatuses": VIEWER | {Role.ANONYMOUS} if public_reads else VIEWER,
        },
        "SystemService": dict.fromkeys(SYSTEM_METHODS, OPEN) | {"GetMetrics": diagnostics},
    }
    return dict.fromkeys(REFLECTION_METHODS, diagnostics) | {
        f"/iotflow.v1.{service}/{method}": roles
        for service, methods in services.items()
        for method, roles in methods.items()
    }
