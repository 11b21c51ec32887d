"""Closed sets of words of the contract. Generated from iotflow/v1/words.proto by `make generate`."""

from enum import StrEnum


class Role(StrEnum):
    """See Role in words.proto."""

    ANONYMOUS = "anonymous"
    DEVICE = "device"
    GATEWAY = "gateway"
    REGISTRAR = "registrar"
    VIEWER = "viewer"
    ADMIN = "admin"


class DeviceStatus(StrEnum):
    """See DeviceStatus in words.proto."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    MAINTENANCE = "maintenance"
    ERROR = "error"


class CommandState(StrEnum):
    """See CommandState in words.proto."""

    QUEUED = "queued"
    DELIVERED = "delivered"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class CommandOutcome(StrEnum):
    """See CommandOutcome in words.proto."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"


class GatewayReport(StrEnum):
    """See GatewayReport in words.proto."""

    DELIVERED = "delivered"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNREACHABLE = "unreachable"
    ANNOUNCED = "announced"


class MeasurementType(StrEnum):
    """See MeasurementType in words.proto."""

    DOUBLE = "DOUBLE"
    FLOAT = "FLOAT"
    INT64 = "INT64"
    INT32 = "INT32"
    BOOLEAN = "BOOLEAN"
    TEXT = "TEXT"


class Aggregation(StrEnum):
    """See Aggregation in words.proto."""

    COUNT = "count"
    SUM = "sum"
    AVG = "avg"
    MIN = "min"
    MAX = "max"
    FIRST = "first"
    LAST = "last"
    MEDIAN = "median"
    STDDEV = "stddev"


class Fill(StrEnum):
    """See Fill in words.proto."""

    NULL = "null"
    PREVIOUS = "previous"
    LINEAR = "linear"


class ExportFormat(StrEnum):
    """See ExportFormat in words.proto."""

    CSV = "csv"
    NDJSON = "ndjson"
    PARQUET = "parquet"
    ARROW = "arrow"


class ConfigDataType(StrEnum):
    """See ConfigDataType in words.proto."""

    STRING = "string"
    INTEGER = "integer"
    FLOAT = "float"
    BOOLEAN = "boolean"
    JSON = "json"


class Presence(StrEnum):
    """See Presence in words.proto."""

    ONLINE = "online"
    OFFLINE = "offline"
    HEARTBEAT = "heartbeat"


class HealthStatus(StrEnum):
    """See HealthStatus in words.proto."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"
    DRAINING = "draining"


class StoreStatus(StrEnum):
    """See StoreStatus in words.proto."""

    HEALTHY = "healthy"
    BUFFERING = "buffering"
    UNAVAILABLE = "unavailable"


class StoreKind(StrEnum):
    """See StoreKind in words.proto."""

    SQLITE = "sqlite"
    IOTDB = "iotdb"


class BrokerStatus(StrEnum):
    """See BrokerStatus in words.proto."""

    AVAILABLE = "available"
    UNAVAILABLE = "unavailable"


class MqttAction(StrEnum):
    """See MqttAction in words.proto."""

    PUBLISH = "publish"
    SUBSCRIBE = "subscribe"


class MqttDecision(StrEnum):
    """See MqttDecision in words.proto."""

    ALLOW = "allow"
    DENY = "deny"
