"""Whom each method is open to."""

from iotflow_server.access import Role

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
    "ListCommands": DEVICE,
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
VIEWING_METHODS = (
    "ListDevices",
    "ListMeasurements",
    "GetDevice",
    "GetDashboard",
    "GetAnalytics",
    "GetStats",
    "GetCommand",
    "ListFleetCommands",
    "WatchFleetCommands",
    "GetConfigTwin",
    "ListConfigVersions",
)
ADMIN_METHODS = (
    "UpdateDevice",
    "DeleteDevice",
    "SetDeviceStatus",
    "DropMeasurement",
    "RetypeMeasurement",
    "ResetDeviceKey",
    "ResetDeviceKeyJson",
    "SendCommand",
    "SendGroupCommand",
    "CancelCommand",
    "SetDesiredConfig",
    "PatchDesiredConfig",
    "CreateToken",
    "CreateTokenJson",
    "ListTokens",
    "RevokeToken",
    "ListAudit",
)
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
SUBSCRIPTIONS = ("/iotflow.v1.TelemetryService/SubscribeTelemetry", "/iotflow.v1.AdminService/WatchFleetCommands")
SYSTEM_METHODS = ("GetHealth", "GetMetrics", "GetMqttStatus")


def open_to(*, public_reads: bool) -> dict[str, frozenset[Role]]:
    """The roles of each method by full name; OPEN: anyone."""
    readers = PUBLIC if public_reads else READER
    telemetry = (
        dict.fromkeys(READING_METHODS, readers)
        | dict.fromkeys(WRITING_METHODS, WRITER)
        | {"DeleteTelemetry": ADMIN, "GetTelemetryStatus": OPEN}
    )
    admin = dict.fromkeys(VIEWING_METHODS, VIEWER) | dict.fromkeys(ADMIN_METHODS, ADMIN)
    services = {
        "DeviceService": DEVICE_METHODS,
        "TelemetryService": telemetry,
        "AdminService": admin,
        "GatewayService": dict.fromkeys(GATEWAY_METHODS, GATEWAY),
        "MqttService": dict.fromkeys(MQTT_METHODS, GATEWAY),
        "LegacyService": {
            "GetServiceInfo": OPEN,
            "GetSystemStatus": OPEN,
            "SubmitMqttTelemetryJson": DEVICE,
            "ListDeviceStatuses": VIEWER | {Role.ANONYMOUS} if public_reads else VIEWER,
        },
        "SystemService": dict.fromkeys(SYSTEM_METHODS, OPEN),
    }
    return {
        f"/iotflow.v1.{service}/{method}": roles
        for service, methods in services.items()
        for method, roles in methods.items()
    }
