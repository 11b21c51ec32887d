//! Closed sets of words of the contract. Generated from iotflow/v1/words.proto by `make generate`.

/// See Role in words.proto.
pub mod role {
    pub const ANONYMOUS: &str = "anonymous";
    pub const DEVICE: &str = "device";
    pub const GATEWAY: &str = "gateway";
    pub const REGISTRAR: &str = "registrar";
    pub const VIEWER: &str = "viewer";
    pub const ADMIN: &str = "admin";
}

/// See DeviceStatus in words.proto.
pub mod device_status {
    pub const ACTIVE: &str = "active";
    pub const INACTIVE: &str = "inactive";
    pub const MAINTENANCE: &str = "maintenance";
    pub const ERROR: &str = "error";
}

/// See CommandState in words.proto.
pub mod command_state {
    pub const QUEUED: &str = "queued";
    pub const DELIVERED: &str = "delivered";
    pub const SUCCEEDED: &str = "succeeded";
    pub const FAILED: &str = "failed";
    pub const EXPIRED: &str = "expired";
    pub const CANCELLED: &str = "cancelled";
}

/// See CommandOutcome in words.proto.
pub mod command_outcome {
    pub const SUCCEEDED: &str = "succeeded";
    pub const FAILED: &str = "failed";
}

/// See GatewayReport in words.proto.
pub mod gateway_report {
    pub const DELIVERED: &str = "delivered";
    pub const SUCCEEDED: &str = "succeeded";
    pub const FAILED: &str = "failed";
    pub const UNREACHABLE: &str = "unreachable";
    pub const ANNOUNCED: &str = "announced";
}

/// See MeasurementType in words.proto.
pub mod measurement_type {
    pub const DOUBLE: &str = "DOUBLE";
    pub const FLOAT: &str = "FLOAT";
    pub const INT64: &str = "INT64";
    pub const INT32: &str = "INT32";
    pub const BOOLEAN: &str = "BOOLEAN";
    pub const TEXT: &str = "TEXT";
}

/// See Aggregation in words.proto.
pub mod aggregation {
    pub const COUNT: &str = "count";
    pub const SUM: &str = "sum";
    pub const AVG: &str = "avg";
    pub const MIN: &str = "min";
    pub const MAX: &str = "max";
    pub const FIRST: &str = "first";
    pub const LAST: &str = "last";
    pub const MEDIAN: &str = "median";
    pub const STDDEV: &str = "stddev";
}

/// See Fill in words.proto.
pub mod fill {
    pub const NULL: &str = "null";
    pub const PREVIOUS: &str = "previous";
    pub const LINEAR: &str = "linear";
}

/// See ExportFormat in words.proto.
pub mod export_format {
    pub const CSV: &str = "csv";
    pub const NDJSON: &str = "ndjson";
    pub const PARQUET: &str = "parquet";
    pub const ARROW: &str = "arrow";
}

/// See ConfigDataType in words.proto.
pub mod config_data_type {
    pub const STRING: &str = "string";
    pub const INTEGER: &str = "integer";
    pub const FLOAT: &str = "float";
    pub const BOOLEAN: &str = "boolean";
    pub const JSON: &str = "json";
}

/// See Presence in words.proto.
pub mod presence {
    pub const ONLINE: &str = "online";
    pub const OFFLINE: &str = "offline";
    pub const HEARTBEAT: &str = "heartbeat";
}

/// See HealthStatus in words.proto.
pub mod health_status {
    pub const HEALTHY: &str = "healthy";
    pub const DEGRADED: &str = "degraded";
    pub const UNHEALTHY: &str = "unhealthy";
    pub const DRAINING: &str = "draining";
}

/// See StoreStatus in words.proto.
pub mod store_status {
    pub const HEALTHY: &str = "healthy";
    pub const BUFFERING: &str = "buffering";
    pub const UNAVAILABLE: &str = "unavailable";
}

/// See StoreKind in words.proto.
pub mod store_kind {
    pub const SQLITE: &str = "sqlite";
    pub const IOTDB: &str = "iotdb";
}

/// See BrokerStatus in words.proto.
pub mod broker_status {
    pub const AVAILABLE: &str = "available";
    pub const UNAVAILABLE: &str = "unavailable";
}

/// See MqttAction in words.proto.
pub mod mqtt_action {
    pub const PUBLISH: &str = "publish";
    pub const SUBSCRIBE: &str = "subscribe";
}

/// See MqttDecision in words.proto.
pub mod mqtt_decision {
    pub const ALLOW: &str = "allow";
    pub const DENY: &str = "deny";
}
