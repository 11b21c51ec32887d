package iotflow.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import iotflow.v1.Command;
import iotflow.v1.Rejection;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Handlers of the application that throw. */
@Timeout(60)
class HandlersTest {
  private static final Duration SOON = Duration.ofSeconds(20);

  private final BlockingQueue<Map<String, Object>> failures = new LinkedBlockingQueue<>();
  private final ClientOptions options = new ClientOptions().eventLog(this::log);
  private TestServer server;

  @BeforeEach
  void start() throws IOException {
    server = new TestServer();
  }

  @AfterEach
  void stop() throws InterruptedException {
    server.close();
  }

  private void log(EventLog.Level level, String event, Map<String, Object> facts) {
    if (event.equals("handler_failed")) {
      assertEquals(EventLog.Level.ERROR, level);
      failures.add(facts);
    }
  }

  private static <T> T fail(T argument) {
    throw new AssertionError("broken");
  }

  private void assertLogged(String handler) throws InterruptedException {
    Map<String, Object> failure = failures.poll(20, TimeUnit.SECONDS);
    assertEquals(Map.of("handler", handler, "error", "java.lang.AssertionError: broken"), failure);
  }

  private IotflowClient client() {
    return new IotflowClient(server.target(), options);
  }

  private void writeOne(IotflowClient client, WriterOptions writerOptions) {
    try (TelemetryWriter writer = client.newWriter(writerOptions)) {
      writer.add(Row.of("level", 1));
      writer.flush(SOON);
    }
  }

  @Test
  void rejectedBatchIsNotSentAgain() throws InterruptedException {
    server.rejection = Rejection.newBuilder().setCount(1).setReason("TYPE_MISMATCH").build();
    try (IotflowClient client = client()) {
      writeOne(client, new WriterOptions().onRejected(HandlersTest::fail));
    }
    assertLogged("onRejected");
    assertEquals(1, server.batches().size());
  }

  @Test
  void poisonBatchIsGivenUp() throws InterruptedException {
    server.poison = "level";
    try (IotflowClient client = client()) {
      writeOne(client, new WriterOptions().onRejected(HandlersTest::fail));
    }
    assertLogged("onRejected");
  }

  @Test
  void interruptedWriterConnectsAgain() throws InterruptedException {
    server.failures.add(Status.UNAVAILABLE.asRuntimeException());
    try (IotflowClient client = client()) {
      writeOne(client, new WriterOptions().onInterrupted(HandlersTest::fail));
    }
    assertLogged("onInterrupted");
    assertEquals(1, server.batches().size());
  }

  @Test
  void callerThatAddsIsNotTold() throws InterruptedException {
    server.silent = true;
    WriterOptions writerOptions =
        new WriterOptions()
            .batchRows(1)
            .queueLimit(1)
            .policy(QueuePolicy.DROP_NEWEST)
            .onDropped(HandlersTest::fail);
    try (IotflowClient client = client();
        TelemetryWriter writer = client.newWriter(writerOptions)) {
      writer.add(Row.of("level", 1));
      writer.add(Row.of("level", 2));
      assertLogged("onDropped");
      server.silent = false;
      server.breakStreams();
      writer.flush(SOON);
    }
    assertEquals(1, server.batches().size());
  }

  @Test
  void brokenLogAndMetricsChangeNothing() {
    server.failures.add(Status.UNAVAILABLE.asRuntimeException());
    AtomicInteger counted = new AtomicInteger();
    Metrics metrics =
        new Metrics() {
          @Override
          public void rowsAdded(int rows) {
            counted.incrementAndGet();
            throw new IllegalStateException("broken");
          }

          @Override
          public void queued(int rows, long bytes) {
            counted.incrementAndGet();
            throw new IllegalStateException("broken");
          }
        };
    options.metrics(metrics).eventLog((level, event, facts) -> fail(event));
    try (IotflowClient client = client()) {
      writeOne(client, new WriterOptions());
    }
    assertEquals(3, counted.get());
    assertEquals(1, server.batches().size());
  }

  @Test
  void errorsReachTheLogOfJavaWithoutAnother() throws InterruptedException {
    BlockingQueue<String> records = new LinkedBlockingQueue<>();
    Handler reader = new Kept(records);
    Logger logger = Logger.getLogger("iotflow.client");
    logger.addHandler(reader);
    server.rejection = Rejection.newBuilder().setCount(1).build();
    try (IotflowClient client = server.client()) {
      writeOne(client, new WriterOptions().onRejected(HandlersTest::fail));
      String record = records.poll(20, TimeUnit.SECONDS);
      assertTrue(record.contains("handler_failed"), record);
      assertTrue(record.contains("onRejected"), record);
    } finally {
      logger.removeHandler(reader);
    }
  }

  /** Keeps what the log of Java gets. */
  private static final class Kept extends Handler {
    private final BlockingQueue<String> records;

    Kept(BlockingQueue<String> records) {
      this.records = records;
    }

    @Override
    public void publish(LogRecord record) {
      records.add(new SimpleFormatter().formatMessage(record));
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }

  @Test
  void credentialHandlerThatThrowsHasNoKey() throws InterruptedException {
    server.key = "second";
    options.apiKey("first").onCredentialWanted(rejected -> fail(""));
    try (IotflowClient client = client()) {
      TelemetryWriter writer = client.newWriter(new WriterOptions());
      writer.add(Row.of("level", 1));
      IotflowException error = assertThrows(IotflowException.class, () -> writer.flush(SOON));
      assertEquals("WRONG_KEY", error.reason());
      assertEquals(Status.Code.UNAUTHENTICATED, error.code());
      assertTrue(error.getMessage().contains("The credential handler failed: "), error.toString());
      assertThrows(IotflowException.class, writer::close);
    }
    assertLogged("onCredentialWanted");
  }

  @Test
  void configurationIsHandedOverOnceAndWatchedFurther() throws Exception {
    AtomicInteger handed = new AtomicInteger();
    try (IotflowClient client = client();
        Subscription watching =
            client.watchConfig(
                config -> {
                  handed.incrementAndGet();
                  fail(config);
                })) {
      assertLogged("watchConfig");
      assertFalse(watching.ended().isDone());
    }
    assertEquals(1, handed.get());
  }

  @Test
  void subscriptionGoesOn() throws Exception {
    List<String> called = new ArrayList<>();
    SubscriptionListener listener =
        new SubscriptionListener() {
          @Override
          public void onReadings(Columns readings) {
            called.add("readings " + readings.rows());
            fail(readings);
          }

          @Override
          public void onMissed(long readings) {
            called.add("missed " + readings);
            HandlersTest.<Object>fail(readings);
          }

          @Override
          public void onPresence(int deviceId, boolean online, Instant time) {
            called.add("presence " + deviceId);
            fail(time);
          }

          @Override
          public void onSubscribed(Instant serverTime) {
            called.add("subscribed");
            fail(serverTime);
          }

          @Override
          public void onInterrupted(Interruption interruption) {
            called.add("interrupted");
            fail(interruption);
          }
        };
    server.failures.add(Status.UNAVAILABLE.asRuntimeException());
    try (IotflowClient client = client();
        Subscription subscription = client.subscribe(Query.devices(1), listener)) {
      assertLogged("onInterrupted");
      assertLogged("onSubscribed");
      assertLogged("onPresence");
      assertLogged("onMissed");
      assertLogged("onReadings");
      assertFalse(subscription.ended().isDone());
    }
    assertEquals(
        List.of("interrupted", "subscribed", "presence 1", "missed 3", "readings 1"), called);
  }

  @Test
  void errorOfCommandHandlerFailsTheCommand() throws InterruptedException {
    server.devices.commands.add(Command.newBuilder().setId(1).build());
    server.devices.commands.add(Command.newBuilder().setId(2).build());
    try (IotflowClient client = client();
        Subscription commands =
            client.handleCommands(
                each -> each.getId() == 1 ? fail(Map.of()) : Map.of("done", true))) {
      assertEquals("failed", server.devices.results.take().getState());
      assertEquals("succeeded", server.devices.results.take().getState());
      assertFalse(commands.ended().isDone());
    }
  }
}
