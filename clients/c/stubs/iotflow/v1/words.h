/** Closed sets of words of the contract. Generated from iotflow/v1/words.proto by `make generate`. */
#ifndef IOTFLOW_V1_WORDS_H
#define IOTFLOW_V1_WORDS_H

/* See Role in words.proto. */
#define IOTFLOW_ROLE_ANONYMOUS "anonymous"
#define IOTFLOW_ROLE_DEVICE "device"
#define IOTFLOW_ROLE_GATEWAY "gateway"
#define IOTFLOW_ROLE_REGISTRAR "registrar"
#define IOTFLOW_ROLE_VIEWER "viewer"
#define IOTFLOW_ROLE_ADMIN "admin"

/* See DeviceStatus in words.proto. */
#define IOTFLOW_DEVICE_STATUS_ACTIVE "active"
#define IOTFLOW_DEVICE_STATUS_INACTIVE "inactive"
#define IOTFLOW_DEVICE_STATUS_MAINTENANCE "maintenance"
#define IOTFLOW_DEVICE_STATUS_ERROR "error"

/* See CommandState in words.proto. */
#define IOTFLOW_COMMAND_STATE_QUEUED "queued"
#define IOTFLOW_COMMAND_STATE_DELIVERED "delivered"
#define IOTFLOW_COMMAND_STATE_SUCCEEDED "succeeded"
#define IOTFLOW_COMMAND_STATE_FAILED "failed"
#define IOTFLOW_COMMAND_STATE_EXPIRED "expired"
#define IOTFLOW_COMMAND_STATE_CANCELLED "cancelled"

/* See CommandOutcome in words.proto. */
#define IOTFLOW_COMMAND_OUTCOME_SUCCEEDED "succeeded"
#define IOTFLOW_COMMAND_OUTCOME_FAILED "failed"

/* See GatewayReport in words.proto. */
#define IOTFLOW_GATEWAY_REPORT_DELIVERED "delivered"
#define IOTFLOW_GATEWAY_REPORT_SUCCEEDED "succeeded"
#define IOTFLOW_GATEWAY_REPORT_FAILED "failed"
#define IOTFLOW_GATEWAY_REPORT_UNREACHABLE "unreachable"
#define IOTFLOW_GATEWAY_REPORT_ANNOUNCED "announced"

/* See MeasurementType in words.proto. */
#define IOTFLOW_MEASUREMENT_TYPE_DOUBLE "DOUBLE"
#define IOTFLOW_MEASUREMENT_TYPE_FLOAT "FLOAT"
#define IOTFLOW_MEASUREMENT_TYPE_INT64 "INT64"
#define IOTFLOW_MEASUREMENT_TYPE_INT32 "INT32"
#define IOTFLOW_MEASUREMENT_TYPE_BOOLEAN "BOOLEAN"
#define IOTFLOW_MEASUREMENT_TYPE_TEXT "TEXT"

/* See Aggregation in words.proto. */
#define IOTFLOW_AGGREGATION_COUNT "count"
#define IOTFLOW_AGGREGATION_SUM "sum"
#define IOTFLOW_AGGREGATION_AVG "avg"
#define IOTFLOW_AGGREGATION_MIN "min"
#define IOTFLOW_AGGREGATION_MAX "max"
#define IOTFLOW_AGGREGATION_FIRST "first"
#define IOTFLOW_AGGREGATION_LAST "last"
#define IOTFLOW_AGGREGATION_MEDIAN "median"
#define IOTFLOW_AGGREGATION_STDDEV "stddev"

/* See Fill in words.proto. */
#define IOTFLOW_FILL_NULL "null"
#define IOTFLOW_FILL_PREVIOUS "previous"
#define IOTFLOW_FILL_LINEAR "linear"

/* See ExportFormat in words.proto. */
#define IOTFLOW_EXPORT_FORMAT_CSV "csv"
#define IOTFLOW_EXPORT_FORMAT_NDJSON "ndjson"
#define IOTFLOW_EXPORT_FORMAT_PARQUET "parquet"
#define IOTFLOW_EXPORT_FORMAT_ARROW "arrow"

/* See ConfigDataType in words.proto. */
#define IOTFLOW_CONFIG_DATA_TYPE_STRING "string"
#define IOTFLOW_CONFIG_DATA_TYPE_INTEGER "integer"
#define IOTFLOW_CONFIG_DATA_TYPE_FLOAT "float"
#define IOTFLOW_CONFIG_DATA_TYPE_BOOLEAN "boolean"
#define IOTFLOW_CONFIG_DATA_TYPE_JSON "json"

/* See Presence in words.proto. */
#define IOTFLOW_PRESENCE_ONLINE "online"
#define IOTFLOW_PRESENCE_OFFLINE "offline"
#define IOTFLOW_PRESENCE_HEARTBEAT "heartbeat"

/* See HealthStatus in words.proto. */
#define IOTFLOW_HEALTH_STATUS_HEALTHY "healthy"
#define IOTFLOW_HEALTH_STATUS_DEGRADED "degraded"
#define IOTFLOW_HEALTH_STATUS_UNHEALTHY "unhealthy"
#define IOTFLOW_HEALTH_STATUS_DRAINING "draining"

/* See StoreStatus in words.proto. */
#define IOTFLOW_STORE_STATUS_HEALTHY "healthy"
#define IOTFLOW_STORE_STATUS_BUFFERING "buffering"
#define IOTFLOW_STORE_STATUS_UNAVAILABLE "unavailable"

/* See StoreKind in words.proto. */
#define IOTFLOW_STORE_KIND_SQLITE "sqlite"
#define IOTFLOW_STORE_KIND_IOTDB "iotdb"

/* See BrokerStatus in words.proto. */
#define IOTFLOW_BROKER_STATUS_AVAILABLE "available"
#define IOTFLOW_BROKER_STATUS_UNAVAILABLE "unavailable"

/* See MqttAction in words.proto. */
#define IOTFLOW_MQTT_ACTION_PUBLISH "publish"
#define IOTFLOW_MQTT_ACTION_SUBSCRIBE "subscribe"

/* See MqttDecision in words.proto. */
#define IOTFLOW_MQTT_DECISION_ALLOW "allow"
#define IOTFLOW_MQTT_DECISION_DENY "deny"

#endif
