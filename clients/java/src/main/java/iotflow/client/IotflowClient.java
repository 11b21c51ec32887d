package iotflow.client;

import com.google.protobuf.Value;
import io.grpc.Channel;
import iotflow.v1.Device;
import iotflow.v1.DeviceServiceGrpc;
import iotflow.v1.RegisterDeviceRequest;
import iotflow.v1.RotateApiKeyRequest;
import iotflow.v1.SendHeartbeatRequest;
import iotflow.v1.SendHeartbeatResponse;
import iotflow.v1.UpdateDeviceConfigRequest;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.function.Consumer;

/**
 * A connection to a server. It connects with the first call, and again after a failure. All methods
 * may be called by several threads. Calls block; they end with {@code CANCELLED} when their thread
 * is interrupted, and with the deadline of {@link io.grpc.Context}.
 */
public final class IotflowClient implements AutoCloseable {
  /** The version of this client, the same as the server's. */
  public static final String VERSION = "0.1.0";

  private final ClientOptions options;
  private final Handlers handlers;
  private final Connection connection;
  private final ScheduledThreadPoolExecutor timer = Threads.timer("iotflow-timer");
  private final ServerClock clock = new ServerClock(this);
  private final Reading reading;
  private final DeviceServiceGrpc.DeviceServiceBlockingStub device;
  private final KeyOwner keyOwner;

  /**
   * Makes a client of the server at {@code host:port}, with an IPv6 address in brackets. It fails
   * with {@code INVALID_ARGUMENT} where the target has another form. A proxy that the environment
   * or the JVM names is not used.
   */
  public IotflowClient(String target, ClientOptions options) {
    this.options = options;
    handlers = new Handlers(options.eventLog);
    CredentialHandler renewal = handlers.contained(options.credentialHandler);
    Credentials credentials = new Credentials(options.apiKey, options.token, renewal);
    connection = new Connection(new ChannelFactory(target, options.tls), credentials, timer);
    reading = new Reading(connection);
    device = DeviceServiceGrpc.newBlockingStub(connection);
    keyOwner = new KeyOwner(connection);
  }

  /**
   * The channel for stubs of {@code iotflow.v1}. Their calls carry the credentials of the client;
   * {@link IotflowException#of} reads their errors.
   */
  public Channel channel() {
    return connection;
  }

  /**
   * Replaces the device's key; calls and streams from now on use it. Fails where it is none, such
   * as one with the newline of its file.
   */
  public void setApiKey(String apiKey) {
    connection.credentials().replace(apiKey);
  }

  /** Ends all calls. Close writers before. */
  @Override
  public void close() {
    connection.close();
    timer.shutdownNow();
  }

  /**
   * Returns a writer that connects and sends by itself, beginning with what the folder of the queue
   * has. It fails with the reason {@code QUEUE_IN_USE} where another writer has the folder.
   */
  public TelemetryWriter newWriter(WriterOptions writerOptions) {
    return new TelemetryWriter(this, writerOptions);
  }

  /** Returns the newest value of each measurement, and the newest of their times. */
  public Point latest(int deviceId, String... fields) {
    return reading.latest(deviceId, List.of(fields));
  }

  /** Returns readings of one device page by page, oldest first. */
  public Iterable<List<Point>> rangePages(Query query) {
    return reading.rangePages(query);
  }

  /**
   * Returns aggregates of one device over windows of time, oldest first.
   *
   * @param window a duration such as {@code 5m} or {@code 1h}
   * @param functions such as {@code avg}; see {@link iotflow.v1.Words.Aggregation}
   */
  public List<AggregateWindow> aggregate(Query query, String window, String... functions) {
    return reading.aggregate(query, window, List.of(functions));
  }

  /** Returns readings of many devices as columns. */
  public ColumnStream read(Query query) {
    return reading.read(query);
  }

  /** Hands readings over as they are stored, until the subscription is closed. */
  public Subscription subscribe(Query query, SubscriptionListener listener) {
    TelemetrySubscription stream = new TelemetrySubscription(connection, query, listener, handlers);
    return new Following("subscription", this, stream, listener::onInterrupted);
  }

  /**
   * Creates a device, and uses its key from then on. Keep the key: the server shows it only once.
   */
  public Device register(RegisterDeviceRequest request) {
    Device registered = Reading.call(() -> device.registerDevice(request)).getDevice();
    setApiKey(registered.getApiKey());
    return registered;
  }

  /** Reports a status, see {@link iotflow.v1.Words.Presence}, and takes the server's time. */
  public SendHeartbeatResponse heartbeat(String status) {
    SendHeartbeatRequest request = heartbeatRequest(status);
    long sent = clock.elapsedMillis();
    SendHeartbeatResponse answer = Reading.call(() -> device.sendHeartbeat(request));
    long time = Times.instant(answer.getTimestamp()).toEpochMilli();
    clock.learn(time, sent, clock.elapsedMillis());
    return answer;
  }

  /** The clock that follows the server. */
  public ServerClock clock() {
    return clock;
  }

  /** Replaces the configuration that the device has reported. */
  public void reportConfig(Map<String, ?> configuration) {
    UpdateDeviceConfigRequest request =
        UpdateDeviceConfigRequest.newBuilder()
            .setConfiguration(Structs.ofMap(configuration))
            .build();
    Reading.call(() -> device.updateDeviceConfig(request));
  }

  /** Hands the present desired configuration and each later one to the handler, each once. */
  public Subscription watchConfig(Consumer<DesiredConfig> handler) {
    return new Following(
        "config", this, new ConfigStream(connection, handler, handlers), broken -> {});
  }

  /** Hands commands to the handler, one after the other and each once, and sends their results. */
  public Subscription handleCommands(CommandHandler handler) {
    CommandQueue commands = new CommandQueue(handler, handlers);
    CommandStream stream = new CommandStream(connection, commands);
    Subscription following = new Following("commands", this, stream, broken -> {});
    following.ended().whenComplete((nothing, failure) -> commands.close());
    return following;
  }

  /**
   * Gets a new key, stores it with `save`, and then uses it. Where it fails, the old key stays in
   * use and valid: call it again, which replaces a key that was not used.
   */
  public void rotateKey(Consumer<String> save) {
    RotateApiKeyRequest request = RotateApiKeyRequest.getDefaultInstance();
    String apiKey = Reading.call(() -> device.rotateApiKey(request)).getApiKey();
    save.accept(apiKey);
    setApiKey(apiKey);
  }

  static SendHeartbeatRequest heartbeatRequest(String status) {
    Value word = Value.newBuilder().setStringValue(status).build();
    return SendHeartbeatRequest.newBuilder().setStatus(word).build();
  }

  ClientOptions options() {
    return options;
  }

  Handlers handlers() {
    return handlers;
  }

  KeyOwner keyOwner() {
    return keyOwner;
  }

  Connection connection() {
    return connection;
  }

  ScheduledThreadPoolExecutor timer() {
    return timer;
  }
}
