// Closed sets of words of the contract. Generated from iotflow/v1/words.proto by `make generate`.

package iotflowv1

// See Role in words.proto.
const (
	RoleAnonymous = "anonymous"
	RoleDevice    = "device"
	RoleGateway   = "gateway"
	RoleRegistrar = "registrar"
	RoleViewer    = "viewer"
	RoleAdmin     = "admin"
)

// See DeviceStatus in words.proto.
const (
	DeviceStatusActive      = "active"
	DeviceStatusInactive    = "inactive"
	DeviceStatusMaintenance = "maintenance"
	DeviceStatusError       = "error"
)

// See CommandState in words.proto.
const (
	CommandStateQueued    = "queued"
	CommandStateDelivered = "delivered"
	CommandStateSucceeded = "succeeded"
	CommandStateFailed    = "failed"
	CommandStateExpired   = "expired"
	CommandStateCancelled = "cancelled"
)

// See CommandOutcome in words.proto.
const (
	CommandOutcomeSucceeded = "succeeded"
	CommandOutcomeFailed    = "failed"
)

// See GatewayReport in words.proto.
const (
	GatewayReportDelivered   = "delivered"
	GatewayReportSucceeded   = "succeeded"
	GatewayReportFailed      = "failed"
	GatewayReportUnreachable = "unreachable"
	GatewayReportAnnounced   = "announced"
)

// See MeasurementType in words.proto.
const (
	MeasurementTypeDouble  = "DOUBLE"
	MeasurementTypeFloat   = "FLOAT"
	MeasurementTypeInt64   = "INT64"
	MeasurementTypeInt32   = "INT32"
	MeasurementTypeBoolean = "BOOLEAN"
	MeasurementTypeText    = "TEXT"
)

// See Aggregation in words.proto.
const (
	AggregationCount  = "count"
	AggregationSum    = "sum"
	AggregationAvg    = "avg"
	AggregationMin    = "min"
	AggregationMax    = "max"
	AggregationFirst  = "first"
	AggregationLast   = "last"
	AggregationMedian = "median"
	AggregationStddev = "stddev"
)

// See Fill in words.proto.
const (
	FillNull     = "null"
	FillPrevious = "previous"
	FillLinear   = "linear"
)

// See ExportFormat in words.proto.
const (
	ExportFormatCsv     = "csv"
	ExportFormatNdjson  = "ndjson"
	ExportFormatParquet = "parquet"
	ExportFormatArrow   = "arrow"
)

// See ConfigDataType in words.proto.
const (
	ConfigDataTypeString  = "string"
	ConfigDataTypeInteger = "integer"
	ConfigDataTypeFloat   = "float"
	ConfigDataTypeBoolean = "boolean"
	ConfigDataTypeJson    = "json"
)

// See Presence in words.proto.
const (
	PresenceOnline    = "online"
	PresenceOffline   = "offline"
	PresenceHeartbeat = "heartbeat"
)

// See HealthStatus in words.proto.
const (
	HealthStatusHealthy   = "healthy"
	HealthStatusDegraded  = "degraded"
	HealthStatusUnhealthy = "unhealthy"
	HealthStatusDraining  = "draining"
)

// See StoreStatus in words.proto.
const (
	StoreStatusHealthy     = "healthy"
	StoreStatusBuffering   = "buffering"
	StoreStatusUnavailable = "unavailable"
)

// See StoreKind in words.proto.
const (
	StoreKindSqlite = "sqlite"
	StoreKindIotdb  = "iotdb"
)

// See BrokerStatus in words.proto.
const (
	BrokerStatusAvailable   = "available"
	BrokerStatusUnavailable = "unavailable"
)

// See MqttAction in words.proto.
const (
	MqttActionPublish   = "publish"
	MqttActionSubscribe = "subscribe"
)

// See MqttDecision in words.proto.
const (
	MqttDecisionAllow = "allow"
	MqttDecisionDeny  = "deny"
)
