package iotflow.v1;

/** Closed sets of words of the contract. Generated from iotflow/v1/words.proto by `make generate`. */
public final class Words {
  private Words() {}

  /** See Role in words.proto. */
  public static final class Role {
    public static final String ANONYMOUS = "anonymous";
    public static final String DEVICE = "device";
    public static final String GATEWAY = "gateway";
    public static final String REGISTRAR = "registrar";
    public static final String VIEWER = "viewer";
    public static final String ADMIN = "admin";

    private Role() {}
  }

  /** See DeviceStatus in words.proto. */
  public static final class DeviceStatus {
    public static final String ACTIVE = "active";
    public static final String INACTIVE = "inactive";
    public static final String MAINTENANCE = "maintenance";
    public static final String ERROR = "error";

    private DeviceStatus() {}
  }

  /** See CommandState in words.proto. */
  public static final class CommandState {
    public static final String QUEUED = "queued";
    public static final String DELIVERED = "delivered";
    public static final String SUCCEEDED = "succeeded";
    public static final String FAILED = "failed";
    public static final String EXPIRED = "expired";
    public static final String CANCELLED = "cancelled";

    private CommandState() {}
  }

  /** See CommandOutcome in words.proto. */
  public static final class CommandOutcome {
    public static final String SUCCEEDED = "succeeded";
    public static final String FAILED = "failed";

    private CommandOutcome() {}
  }

  /** See GatewayReport in words.proto. */
  public static final class GatewayReport {
    public static final String DELIVERED = "delivered";
    public static final String SUCCEEDED = "succeeded";
    public static final String FAILED = "failed";
    public static final String UNREACHABLE = "unreachable";
    public static final String ANNOUNCED = "announced";

    private GatewayReport() {}
  }

  /** See MeasurementType in words.proto. */
  public static final class MeasurementType {
    public static final String DOUBLE = "DOUBLE";
    public static final String FLOAT = "FLOAT";
    public static final String INT64 = "INT64";
    public static final String INT32 = "INT32";
    public static final String BOOLEAN = "BOOLEAN";
    public static final String TEXT = "TEXT";

    private MeasurementType() {}
  }

  /** See Aggregation in words.proto. */
  public static final class Aggregation {
    public static final String COUNT = "count";
    public static final String SUM = "sum";
    public static final String AVG = "avg";
    public static final String MIN = "min";
    public static final String MAX = "max";
    public static final String FIRST = "first";
    public static final String LAST = "last";
    public static final String MEDIAN = "median";
    public static final String STDDEV = "stddev";

    private Aggregation() {}
  }

  /** See Fill in words.proto. */
  public static final class Fill {
    public static final String NULL = "null";
    public static final String PREVIOUS = "previous";
    public static final String LINEAR = "linear";

    private Fill() {}
  }

  /** See ExportFormat in words.proto. */
  public static final class ExportFormat {
    public static final String CSV = "csv";
    public static final String NDJSON = "ndjson";
    public static final String PARQUET = "parquet";
    public static final String ARROW = "arrow";

    private ExportFormat() {}
  }

  /** See ConfigDataType in words.proto. */
  public static final class ConfigDataType {
    public static final String STRING = "string";
    public static final String INTEGER = "integer";
    public static final String FLOAT = "float";
    public static final String BOOLEAN = "boolean";
    public static final String JSON = "json";

    private ConfigDataType() {}
  }

  /** See Presence in words.proto. */
  public static final class Presence {
    public static final String ONLINE = "online";
    public static final String OFFLINE = "offline";
    public static final String HEARTBEAT = "heartbeat";

    private Presence() {}
  }

  /** See HealthStatus in words.proto. */
  public static final class HealthStatus {
    public static final String HEALTHY = "healthy";
    public static final String DEGRADED = "degraded";
    public static final String UNHEALTHY = "unhealthy";
    public static final String DRAINING = "draining";

    private HealthStatus() {}
  }

  /** See StoreStatus in words.proto. */
  public static final class StoreStatus {
    public static final String HEALTHY = "healthy";
    public static final String BUFFERING = "buffering";
    public static final String UNAVAILABLE = "unavailable";

    private StoreStatus() {}
  }

  /** See StoreKind in words.proto. */
  public static final class StoreKind {
    public static final String SQLITE = "sqlite";
    public static final String IOTDB = "iotdb";

    private StoreKind() {}
  }

  /** See BrokerStatus in words.proto. */
  public static final class BrokerStatus {
    public static final String AVAILABLE = "available";
    public static final String UNAVAILABLE = "unavailable";

    private BrokerStatus() {}
  }

  /** See MqttAction in words.proto. */
  public static final class MqttAction {
    public static final String PUBLISH = "publish";
    public static final String SUBSCRIBE = "subscribe";

    private MqttAction() {}
  }

  /** See MqttDecision in words.proto. */
  public static final class MqttDecision {
    public static final String ALLOW = "allow";
    public static final String DENY = "deny";

    private MqttDecision() {}
  }
}
