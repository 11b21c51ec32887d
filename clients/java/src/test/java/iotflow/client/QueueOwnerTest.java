package iotflow.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whose batches a folder has. The keys five and seven are those of the devices 5 and 7. */
@Timeout(60)
class QueueOwnerTest {
  private static final Duration SOON = Duration.ofSeconds(20);
  private static final Duration AT_ONCE = Duration.ofMillis(1);
  private static final String NOWHERE = "127.0.0.1:1";

  @TempDir File folder;
  private TestServer server;
  private int time;

  @BeforeEach
  void start() throws IOException {
    server = new TestServer();
    server.devices.ids.put("five", 5);
    server.devices.ids.put("seven", 7);
  }

  @AfterEach
  void stop() throws InterruptedException {
    server.close();
  }

  private IotflowClient client(String key) {
    return new IotflowClient(server.target(), new ClientOptions().apiKey(key));
  }

  private TelemetryWriter writer(IotflowClient client) {
    return client.newWriter(new WriterOptions().folder(folder).batchRows(1));
  }

  private void add(TelemetryWriter writer) {
    writer.add(Row.of("level", 1.0).at(time++));
  }

  private void write(String key) {
    try (IotflowClient client = client(key);
        TelemetryWriter writer = writer(client)) {
      add(writer);
      writer.flush(SOON);
    }
  }

  /** Leaves a batch in the folder. */
  private void writeOffline(String key) {
    try (IotflowClient away = new IotflowClient(NOWHERE, new ClientOptions().apiKey(key))) {
      TelemetryWriter writer = writer(away);
      add(writer);
      assertThrows(IotflowException.class, () -> writer.close(AT_ONCE));
    }
  }

  private String recorded() throws IOException {
    return Files.readString(new File(folder, "device").toPath());
  }

  private int heartbeats() {
    return server.devices.heartbeats.get();
  }

  @Test
  void queueOfAnotherDeviceIsKept() throws IOException {
    write("five");
    assertEquals("5\n", recorded());
    writeOffline("five");
    try (IotflowClient client = client("seven")) {
      TelemetryWriter writer = writer(client);
      IotflowException error = assertThrows(IotflowException.class, () -> writer.flush(SOON));
      assertEquals(Status.Code.FAILED_PRECONDITION, error.code());
      assertEquals("QUEUE_OF_ANOTHER_DEVICE", error.reason());
      assertFalse(error.isRetryable());
      for (String word : List.of("device 5", "device 7", folder.getPath())) {
        assertTrue(error.getMessage().contains(word), error.getMessage());
      }
      assertEquals(1, writer.status().queuedRows());
      assertThrows(IotflowException.class, writer::close);
    }
    assertEquals("5\n", recorded());
    assertEquals(List.of(0L), server.times());
    write("five");
    assertEquals(List.of(0L, 1L, 2L), server.times());
  }

  @Test
  void emptyQueueTakesAnotherDevice() throws IOException {
    write("five");
    write("seven");
    assertEquals("7\n", recorded());
    assertEquals(List.of(0L, 1L), server.times());
  }

  @Test
  void batchesThatWereAddedBeforeTheAnswerAreOfTheKey() throws IOException {
    write("five");
    server.failures.add(Status.UNAVAILABLE.asRuntimeException());
    try (IotflowClient client = client("seven");
        TelemetryWriter writer = writer(client)) {
      add(writer);
      add(writer);
      writer.flush(SOON);
    }
    assertEquals("7\n", recorded());
    assertEquals(3, server.times().size());
  }

  @Test
  void batchesOfAFolderWithoutDeviceAreOfTheKey() throws IOException {
    writeOffline("five");
    write("seven");
    assertEquals("7\n", recorded());
    assertEquals(2, server.times().size());
  }

  @Test
  void keyOfAnotherDeviceIsNoAnswerToAQuestionForAKey() throws IOException {
    write("five");
    server.key = "seven";
    ClientOptions options = new ClientOptions().apiKey("five").onCredentialWanted(old -> "seven");
    writeOffline("five");
    try (IotflowClient client = new IotflowClient(server.target(), options)) {
      TelemetryWriter writer = writer(client);
      IotflowException error = assertThrows(IotflowException.class, () -> writer.flush(SOON));
      assertEquals("QUEUE_OF_ANOTHER_DEVICE", error.reason());
      assertThrows(IotflowException.class, writer::close);
    }
    assertEquals(List.of(0L), server.times());
  }

  /** What was added while the key was another device's is not the new key's. */
  @Test
  void batchesOfTheFormerKeyOfAProgramAreKept() {
    server.key = "five";
    ClientOptions options = new ClientOptions().apiKey("five").onCredentialWanted(old -> "seven");
    try (IotflowClient client = new IotflowClient(server.target(), options)) {
      TelemetryWriter writer = writer(client);
      add(writer);
      writer.flush(SOON);
      server.silent = true;
      add(writer);
      server.key = "seven";
      server.breakStreams();
      IotflowException error = assertThrows(IotflowException.class, () -> writer.flush(SOON));
      assertEquals("QUEUE_OF_ANOTHER_DEVICE", error.reason());
      assertThrows(IotflowException.class, writer::close);
    }
  }

  @Test
  void emptyQueueOfAProgramTakesTheNewKeyOfAnotherDevice() throws Exception {
    server.key = "five";
    ClientOptions options = new ClientOptions().apiKey("five").onCredentialWanted(old -> "seven");
    try (IotflowClient client = new IotflowClient(server.target(), options);
        TelemetryWriter writer = writer(client)) {
      add(writer);
      writer.flush(SOON);
      server.key = "seven";
      server.breakStreams();
      server.opened.acquire(2);
      add(writer);
      writer.flush(SOON);
    }
    assertEquals("7\n", recorded());
    assertEquals(2, server.times().size());
  }

  @Test
  void keyIsAskedAboutOnce() {
    try (IotflowClient client = client("five")) {
      for (int round = 0; round < 2; round++) {
        try (TelemetryWriter writer = writer(client)) {
          add(writer);
          writer.flush(SOON);
          server.breakStreams();
          add(writer);
          writer.flush(SOON);
        }
      }
    }
    assertEquals(1, heartbeats());
    assertEquals(4, server.times().size());
  }

  @Test
  void queueInMemoryDoesNotAsk() {
    try (IotflowClient client = client("five");
        TelemetryWriter writer = client.newWriter(new WriterOptions())) {
      add(writer);
      writer.flush(SOON);
    }
    assertEquals(0, heartbeats());
  }

  @Test
  void gatewayDoesNotAsk() {
    for (ClientOptions options :
        List.of(new ClientOptions().token("token"), new ClientOptions().apiKey("five"))) {
      try (IotflowClient client = new IotflowClient(server.target(), options);
          TelemetryWriter writer = writer(client)) {
        writer.add(Row.of("level", 1.0).device(5));
        writer.add(Row.of("level", 1.0).device(6));
        writer.flush(SOON);
      }
    }
    assertEquals(0, heartbeats());
    assertFalse(new File(folder, "device").exists());
  }

  @ParameterizedTest
  @ValueSource(strings = {"INVALID_ARGUMENT", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION"})
  void errorOfTheQuestionStopsTheWriterAndBlamesNoBatch(String code) {
    server.devices.failure = Details.error(Status.Code.valueOf(code), "NOT_NOW", false);
    try (IotflowClient client = client("five")) {
      TelemetryWriter writer = writer(client);
      add(writer);
      IotflowException error = assertThrows(IotflowException.class, () -> writer.flush(SOON));
      assertEquals("NOT_NOW", error.reason());
      assertEquals(1, writer.status().queuedRows());
      assertEquals(0, writer.status().rejectedValues());
      assertThrows(IotflowException.class, writer::close);
    }
  }

  @Test
  void questionIsRepeatedAfterATransientError() {
    server.devices.failure = Details.error(Status.Code.UNAVAILABLE, "STORE_UNAVAILABLE", true);
    List<String> errors = new ArrayList<>();
    WriterOptions options =
        new WriterOptions()
            .folder(folder)
            .onInterrupted(
                broken -> {
                  errors.add(broken.error().reason());
                  server.devices.failure = null;
                });
    try (IotflowClient client = client("five");
        TelemetryWriter writer = client.newWriter(options)) {
      add(writer);
      writer.flush(SOON);
    }
    assertEquals(List.of("STORE_UNAVAILABLE"), errors);
    assertEquals(1, server.times().size());
  }
}
