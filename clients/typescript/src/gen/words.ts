// Closed sets of words of the contract. Generated from iotflow/v1/words.proto by `make generate`.

/** See Role in words.proto. */
export const Role = {
  ANONYMOUS: "anonymous",
  DEVICE: "device",
  GATEWAY: "gateway",
  REGISTRAR: "registrar",
  VIEWER: "viewer",
  ADMIN: "admin",
} as const;
export type Role = (typeof Role)[keyof typeof Role];

/** See DeviceStatus in words.proto. */
export const DeviceStatus = {
  ACTIVE: "active",
  INACTIVE: "inactive",
  MAINTENANCE: "maintenance",
  ERROR: "error",
} as const;
export type DeviceStatus = (typeof DeviceStatus)[keyof typeof DeviceStatus];

/** See CommandState in words.proto. */
export const CommandState = {
  QUEUED: "queued",
  DELIVERED: "delivered",
  SUCCEEDED: "succeeded",
  FAILED: "failed",
  EXPIRED: "expired",
  CANCELLED: "cancelled",
} as const;
export type CommandState = (typeof CommandState)[keyof typeof CommandState];

/** See CommandOutcome in words.proto. */
export const CommandOutcome = {
  SUCCEEDED: "succeeded",
  FAILED: "failed",
} as const;
export type CommandOutcome = (typeof CommandOutcome)[keyof typeof CommandOutcome];

/** See GatewayReport in words.proto. */
export const GatewayReport = {
  DELIVERED: "delivered",
  SUCCEEDED: "succeeded",
  FAILED: "failed",
  UNREACHABLE: "unreachable",
  ANNOUNCED: "announced",
} as const;
export type GatewayReport = (typeof GatewayReport)[keyof typeof GatewayReport];

/** See MeasurementType in words.proto. */
export const MeasurementType = {
  DOUBLE: "DOUBLE",
  FLOAT: "FLOAT",
  INT64: "INT64",
  INT32: "INT32",
  BOOLEAN: "BOOLEAN",
  TEXT: "TEXT",
} as const;
export type MeasurementType = (typeof MeasurementType)[keyof typeof MeasurementType];

/** See Aggregation in words.proto. */
export const Aggregation = {
  COUNT: "count",
  SUM: "sum",
  AVG: "avg",
  MIN: "min",
  MAX: "max",
  FIRST: "first",
  LAST: "last",
  MEDIAN: "median",
  STDDEV: "stddev",
} as const;
export type Aggregation = (typeof Aggregation)[keyof typeof Aggregation];

/** See Fill in words.proto. */
export const Fill = {
  NULL: "null",
  PREVIOUS: "previous",
  LINEAR: "linear",
} as const;
export type Fill = (typeof Fill)[keyof typeof Fill];

/** See ExportFormat in words.proto. */
export const ExportFormat = {
  CSV: "csv",
  NDJSON: "ndjson",
  PARQUET: "parquet",
  ARROW: "arrow",
} as const;
export type ExportFormat = (typeof ExportFormat)[keyof typeof ExportFormat];

/** See ConfigDataType in words.proto. */
export const ConfigDataType = {
  STRING: "string",
  INTEGER: "integer",
  FLOAT: "float",
  BOOLEAN: "boolean",
  JSON: "json",
} as const;
export type ConfigDataType = (typeof ConfigDataType)[keyof typeof ConfigDataType];

/** See Presence in words.proto. */
export const Presence = {
  ONLINE: "online",
  OFFLINE: "offline",
  HEARTBEAT: "heartbeat",
} as const;
export type Presence = (typeof Presence)[keyof typeof Presence];

/** See HealthStatus in words.proto. */
export const HealthStatus = {
  HEALTHY: "healthy",
  DEGRADED: "degraded",
  UNHEALTHY: "unhealthy",
  DRAINING: "draining",
} as const;
export type HealthStatus = (typeof HealthStatus)[keyof typeof HealthStatus];

/** See StoreStatus in words.proto. */
export const StoreStatus = {
  HEALTHY: "healthy",
  BUFFERING: "buffering",
  UNAVAILABLE: "unavailable",
} as const;
export type StoreStatus = (typeof StoreStatus)[keyof typeof StoreStatus];

/** See StoreKind in words.proto. */
export const StoreKind = {
  SQLITE: "sqlite",
  IOTDB: "iotdb",
} as const;
export type StoreKind = (typeof StoreKind)[keyof typeof StoreKind];

/** See BrokerStatus in words.proto. */
export const BrokerStatus = {
  AVAILABLE: "available",
  UNAVAILABLE: "unavailable",
} as const;
export type BrokerStatus = (typeof BrokerStatus)[keyof typeof BrokerStatus];

/** See MqttAction in words.proto. */
export const MqttAction = {
  PUBLISH: "publish",
  SUBSCRIBE: "subscribe",
} as const;
export type MqttAction = (typeof MqttAction)[keyof typeof MqttAction];

/** See MqttDecision in words.proto. */
export const MqttDecision = {
  ALLOW: "allow",
  DENY: "deny",
} as const;
export type MqttDecision = (typeof MqttDecision)[keyof typeof MqttDecision];
