package iotflow.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import java.io.File;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Answers that do not come from the service. */
@Timeout(60)
class PortalTest {
  private static final Duration AT_ONCE = Duration.ofMillis(1);

  private final BlockingQueue<IotflowException> questions = new LinkedBlockingQueue<>();
  private final BlockingQueue<Interruption> interruptions = new LinkedBlockingQueue<>();

  @TempDir File folder;

  private ClientOptions options() {
    return new ClientOptions()
        .apiKey("key")
        .onCredentialWanted(
            rejected -> {
              questions.add(rejected);
              return null;
            });
  }

  /** 401, 403 and 404 look like errors of the service, and 302 and 200 do not. */
  @ParameterizedTest
  @ValueSource(ints = {200, 302, 401, 403, 404})
  void writerGoesOnWithItsKey(int status) throws Exception {
    try (Portal portal = new Portal(status);
        IotflowClient client = new IotflowClient(portal.target(), options())) {
      WriterOptions writing =
          new WriterOptions().folder(folder).batchRows(1).onInterrupted(interruptions::add);
      TelemetryWriter writer = client.newWriter(writing);
      writer.add(Row.of("level", 1));
      for (int attempt = 0; attempt < 2; attempt++) {
        IotflowException error = interruptions.poll(20, TimeUnit.SECONDS).error();
        assertTrue(error.isRetryable());
      }
      assertEquals(1, writer.status().queuedRows());
      IotflowException late = assertThrows(IotflowException.class, () -> writer.close(AT_ONCE));
      assertEquals(Status.Code.DEADLINE_EXCEEDED, late.code());
      assertTrue(portal.answers() >= 2);
    }
    assertEquals(0, questions.size());
  }

  @ParameterizedTest
  @ValueSource(ints = {401, 403, 404})
  void callNamesThePage(int status) throws Exception {
    try (Portal portal = new Portal(status);
        IotflowClient client = new IotflowClient(portal.target(), options())) {
      IotflowException error = assertThrows(IotflowException.class, () -> client.latest(1));
      assertTrue(error.getMessage().contains("HTTP status code " + status), error.getMessage());
      assertFalse(error.isRetryable());
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Status.Code.class,
      names = {"UNAUTHENTICATED", "PERMISSION_DENIED", "UNIMPLEMENTED"})
  void subscriptionsGoOn(Status.Code code) throws Exception {
    try (TestServer server = new TestServer();
        IotflowClient client = new IotflowClient(server.target(), options())) {
      server.failures.add(code.toStatus().asRuntimeException());
      BlockingQueue<DesiredConfig> configs = new LinkedBlockingQueue<>();
      try (Subscription watching = client.watchConfig(configs::add)) {
        assertEquals(7, configs.poll(20, TimeUnit.SECONDS).version());
        assertFalse(watching.ended().isDone());
      }
    }
    assertEquals(0, questions.size());
  }

  @Test
  void keyThatTheServiceRejectsIsAskedFor() throws Exception {
    try (TestServer server = new TestServer();
        IotflowClient client = new IotflowClient(server.target(), options())) {
      server.key = "another";
      try (Subscription watching = client.watchConfig(config -> {})) {
        assertEquals("WRONG_KEY", questions.poll(20, TimeUnit.SECONDS).reason());
      }
    }
  }
}
