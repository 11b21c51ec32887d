"""Topics and the permissions of devices."""

from iotflow_gateway.topics import Address, Kind

TOPICS = {
    "a/b/devices/7/telemetry": Address(Kind.TELEMETRY, "7", "a/b/devices/7"),
    "a/b/devices/my pump/telemetry/events": Address(Kind.TELEMETRY, "my pump", "a/b/devices/my pump"),
    "a/b/devices/7/telemetry/batch": Address(Kind.BATCH, "7", "a/b/devices/7"),
    "a/b/devices/7/status/offline": Address(Kind.OFFLINE, "7", "a/b/devices/7"),
    "a/b/devices/7/commands/ack": Address(Kind.COMMAND_ACK, "7", "a/b/devices/7"),
    "a/b/devices/7/config/reported": Address(Kind.CONFIG_REPORTED, "7", "a/b/devices/7"),
    "a/b/devices/7/telemetry/": Address(None, "7", "a/b/devices/7"),
    "a/b/devices/7": Address(None, "7", "a/b/devices/7"),
    "a/b/discovery/register/pump": Address(Kind.REGISTER, "pump", ""),
    "devices/pump/telemetry": Address(Kind.TELEMETRY, "pump", "devices/pump"),
    "devices/pump/heartbeat": Address(Kind.HEARTBEAT, "pump", "devices/pump"),
    "devices/pump/status": Address(Kind.STATUS, "pump", "devices/pump"),
    "devices/pump/telemetry/sensors": Address(Kind.TELEMETRY, "pump", "devices/pump"),
    "a/b/devices/7/telemetry/any word": Address(Kind.TELEMETRY, "7", "a/b/devices/7"),
    "a/b/devices/7/telemetry/two/levels": Address(None, "7", "a/b/devices/7"),
    "devices/pump/telemetry/": Address(None, "pump", "devices/pump"),
    "anonymous/a/b/devices/7/telemetry": Address(Kind.TELEMETRY, "7", "a/b/devices/7", keyed=True),
    "anonymous/elsewhere": Address(None, "", "", keyed=True),
    "elsewhere": Address(None, "", ""),
    "": Address(None, "", ""),
}
