package iotflow.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import iotflow.v1.Rejection;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class TelemetryWriterTest {
  private static final Duration SOON = Duration.ofSeconds(20);
  private static final Duration AT_ONCE = Duration.ofMillis(1);
  private static final String NOWHERE = "127.0.0.1:1";

  @TempDir File folder;
  private TestServer server;

  @BeforeEach
  void start() throws IOException {
    server = new TestServer();
  }

  @AfterEach
  void stop() throws InterruptedException {
    server.close();
  }

  private static void add(TelemetryWriter writer, int from, int to) {
    for (int i = from; i < to; i++) {
      writer.add(Row.of("level", i).at(i));
    }
  }

  @Test
  void rowsAreStoredWhenFlushed() {
    try (IotflowClient client = server.client();
        TelemetryWriter writer = client.newWriter(new WriterOptions().batchRows(10))) {
      add(writer, 0, 95);
      writer.flush(SOON);
      assertEquals(95, server.times().size());
      assertEquals(95, writer.status().acknowledgedRows());
      assertEquals(0, writer.status().queuedRows());
      assertEquals(10, server.batches().size());
    }
  }

  @Test
  void columnsAreSplitAtTheLimits() {
    try (IotflowClient client = server.client();
        TelemetryWriter writer = client.newWriter(new WriterOptions().batchRows(2))) {
      writer.addColumns(
          new Columns(new long[] {1, 2, 3})
              .put("level", new double[] {1, 2, 3})
              .put(Column.of("name", new String[] {"a", "b", "c"})));
      writer.flush(SOON);
      assertEquals(List.of(1L, 2L, 3L), server.times());
      assertEquals(2, server.batches().size());
    }
  }

  @Test
  void columnsOfOtherLengthsAreRejected() {
    try (IotflowClient client = server.client();
        TelemetryWriter writer = client.newWriter(new WriterOptions())) {
      Columns columns = new Columns(new long[] {1, 2}).put("level", new double[] {1});
      IotflowException failure =
          assertThrows(IotflowException.class, () -> writer.addColumns(columns));
      assertEquals("level", failure.field());
    }
  }

  @Test
  void batchEndsAtItsAge() throws InterruptedException {
    CountDownLatch acknowledged = new CountDownLatch(1);
    Metrics metrics =
        new Metrics() {
          @Override
          public void rowsAcknowledged(int rows) {
            acknowledged.countDown();
          }
        };
    WriterOptions options = new WriterOptions().batchAge(Duration.ofMillis(20));
    try (IotflowClient client =
            new IotflowClient(server.target(), new ClientOptions().metrics(metrics));
        TelemetryWriter writer = client.newWriter(options)) {
      writer.add(Row.of("level", 1));
      assertTrue(acknowledged.await(20, TimeUnit.SECONDS));
      assertEquals(1, writer.status().acknowledgedRows());
    }
  }

  @Test
  void writerGoesOnAfterTransientErrors() {
    server.failures.add(Status.UNAVAILABLE.asRuntimeException());
    server.failures.add(Status.INTERNAL.asRuntimeException());
    BlockingQueue<Interruption> interruptions = new LinkedBlockingQueue<>();
    try (IotflowClient client = server.client();
        TelemetryWriter writer =
            client.newWriter(new WriterOptions().onInterrupted(interruptions::add))) {
      add(writer, 0, 10);
      writer.flush(SOON);
      assertEquals(10, server.times().size());
      assertEquals(2, writer.status().interruptions());
      assertEquals(Status.Code.UNAVAILABLE, interruptions.remove().error().code());
    }
  }

  @Test
  void missedDeadlineNamesTheInterruption() throws InterruptedException {
    server.failures.add(Details.error(Status.Code.UNAVAILABLE, "STORE_UNAVAILABLE", true, 30));
    CountDownLatch interrupted = new CountDownLatch(1);
    WriterOptions options =
        new WriterOptions().onInterrupted(interruption -> interrupted.countDown());
    try (IotflowClient client = server.client()) {
      TelemetryWriter writer = client.newWriter(options);
      add(writer, 0, 1);
      assertTrue(interrupted.await(20, TimeUnit.SECONDS));
      for (Executable call :
          List.<Executable>of(() -> writer.flush(AT_ONCE), () -> writer.close(AT_ONCE))) {
        IotflowException late = assertThrows(IotflowException.class, call);
        assertEquals(Status.Code.DEADLINE_EXCEEDED, late.code());
        assertTrue(late.getMessage().contains("(STORE_UNAVAILABLE)"), late.getMessage());
        assertEquals("STORE_UNAVAILABLE", ((IotflowException) late.getCause()).reason());
      }
    }
  }

  @Test
  void missedDeadlineNamesNoInterruptionBeforeAnAcknowledgement() {
    server.failures.add(Status.UNAVAILABLE.asRuntimeException());
    try (IotflowClient client = server.client()) {
      TelemetryWriter writer = client.newWriter(new WriterOptions());
      add(writer, 0, 1);
      writer.flush(SOON);
      server.silent = true;
      add(writer, 1, 2);
      IotflowException late = assertThrows(IotflowException.class, () -> writer.flush(AT_ONCE));
      assertEquals("The deadline passed.", late.getMessage());
      assertThrows(IotflowException.class, () -> writer.close(AT_ONCE));
    }
  }

  @Test
  void permanentErrorStopsTheWriter() {
    server.failures.add(Details.error(Status.Code.PERMISSION_DENIED, "WRONG_ROLE", false));
    try (IotflowClient client = server.client()) {
      TelemetryWriter writer = client.newWriter(new WriterOptions());
      add(writer, 0, 1);
      IotflowException failure = assertThrows(IotflowException.class, () -> writer.flush(SOON));
      assertEquals(Status.Code.PERMISSION_DENIED, failure.code());
      assertThrows(IotflowException.class, writer::close);
    }
  }

  @Test
  void onlyPoisonBatchIsGivenUp() {
    server.poison = "poison";
    BlockingQueue<Rejection> rejections = new LinkedBlockingQueue<>();
    WriterOptions options = new WriterOptions().batchRows(5).onRejected(rejections::add);
    try (IotflowClient client = server.client();
        TelemetryWriter writer = client.newWriter(options)) {
      add(writer, 0, 50);
      writer.add(Row.of("poison", 1).at(1000));
      add(writer, 50, 100);
      writer.flush(SOON);
      assertEquals(1, rejections.size());
      assertEquals("INVALID_ARGUMENT", rejections.remove().getReason());
      assertTrue(server.times().containsAll(List.of(0L, 49L, 60L, 99L)));
    }
  }

  @Test
  void newKeyIsAskedForOnce() {
    server.key = "second";
    AtomicInteger asked = new AtomicInteger();
    ClientOptions options =
        new ClientOptions()
            .apiKey("first")
            .onCredentialWanted(
                rejected -> {
                  asked.incrementAndGet();
                  return "second";
                });
    try (IotflowClient client = new IotflowClient(server.target(), options);
        TelemetryWriter writer = client.newWriter(new WriterOptions())) {
      add(writer, 0, 10);
      writer.flush(SOON);
      assertEquals(1, asked.get());
      assertEquals(10, server.times().size());
    }
  }

  @Test
  void fullQueueRefuses() {
    WriterOptions options =
        new WriterOptions().batchRows(10).queueLimit(2000).policy(QueuePolicy.REFUSE);
    try (IotflowClient client = new IotflowClient(NOWHERE, new ClientOptions())) {
      TelemetryWriter writer = client.newWriter(options);
      IotflowException failure = assertThrows(IotflowException.class, () -> add(writer, 0, 1000));
      assertEquals(IotflowException.QUEUE_FULL, failure.reason());
      assertTrue(failure.isRetryable());
      assertThrows(IotflowException.class, () -> writer.close(AT_ONCE));
    }
  }

  @Test
  void fullQueueDrops() {
    for (QueuePolicy policy :
        List.of(QueuePolicy.DROP_OLDEST, QueuePolicy.DROP_NEWEST, QueuePolicy.SAMPLE)) {
      WriterOptions options = new WriterOptions().batchRows(10).queueLimit(2000).policy(policy);
      try (IotflowClient client = new IotflowClient(NOWHERE, new ClientOptions())) {
        TelemetryWriter writer = client.newWriter(options);
        add(writer, 0, 1000);
        WriterStatus status = writer.status();
        assertEquals(1000, status.queuedRows() + status.droppedRows());
        assertTrue(status.droppedRows() > 500);
        assertTrue(status.queuedBytes() <= 2000);
        assertThrows(IotflowException.class, () -> writer.close(AT_ONCE));
      }
    }
  }

  @Test
  void interruptionEndsWait() throws InterruptedException {
    WriterOptions options = new WriterOptions().batchRows(10).queueLimit(2000);
    try (IotflowClient client = new IotflowClient(NOWHERE, new ClientOptions())) {
      TelemetryWriter writer = client.newWriter(options);
      BlockingQueue<IotflowException> failures = new LinkedBlockingQueue<>();
      Thread adding =
          new Thread(
              () -> failures.add(assertThrows(IotflowException.class, () -> add(writer, 0, 1000))));
      adding.start();
      while (adding.getState() != Thread.State.TIMED_WAITING) {
        Thread.onSpinWait();
      }
      adding.interrupt();
      assertEquals(Status.Code.CANCELLED, failures.take().code());
      adding.join();
      assertThrows(IotflowException.class, () -> writer.close(AT_ONCE));
    }
  }

  @Test
  void closeWithoutServerKeepsQueueOnDisk() {
    WriterOptions options = new WriterOptions().folder(folder);
    try (IotflowClient away = new IotflowClient(NOWHERE, new ClientOptions())) {
      TelemetryWriter writer = away.newWriter(options);
      add(writer, 0, 5);
      IotflowException failure = assertThrows(IotflowException.class, () -> writer.close(AT_ONCE));
      assertEquals(Status.Code.DEADLINE_EXCEEDED, failure.code());
    }
    try (IotflowClient client = server.client();
        TelemetryWriter writer = client.newWriter(options)) {
      writer.flush(SOON);
      assertEquals(List.of(0L, 1L, 2L, 3L, 4L), server.times());
    }
  }

  @Test
  void threadsShareWriterOnDisk() throws InterruptedException {
    WriterOptions options = new WriterOptions().folder(folder).batchRows(20).queueLimit(10_000);
    try (IotflowClient client = server.client();
        TelemetryWriter writer = client.newWriter(options)) {
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        int from = 1000 * i;
        threads.add(new Thread(() -> add(writer, from, from + 1000)));
      }
      threads.forEach(Thread::start);
      for (Thread thread : threads) {
        thread.join();
      }
      writer.flush(SOON);
      assertEquals(4000, new HashSet<>(server.times()).size());
      assertEquals(4000, server.times().size());
      assertEquals(0, writer.status().queuedBytes());
    }
  }

  @Test
  void closedWriterTakesNoRows() {
    try (IotflowClient client = server.client()) {
      TelemetryWriter writer = client.newWriter(new WriterOptions());
      writer.close();
      writer.close();
      IotflowException failure =
          assertThrows(IotflowException.class, () -> writer.add(Row.of("level", 1)));
      assertEquals(Status.Code.FAILED_PRECONDITION, failure.code());
    }
  }

  @Test
  void rowsBeforeServersTimeGetTheirTimes() {
    server.time = 1_000_000_000_000L;
    server.failures.add(Status.UNAVAILABLE.asRuntimeException());
    try (IotflowClient client = server.client();
        TelemetryWriter writer =
            client.newWriter(new WriterOptions().batchRows(1).clock(ClockSource.SERVER))) {
      assertFalse(client.clock().now().isPresent() && server.failures.isEmpty());
      writer.add(Row.of("level", 1));
      writer.flush(SOON);
      long error = server.times().get(0) - server.time;
      assertTrue(Math.abs(error) < 60_000, "the time is off by " + error + " ms");
    }
  }

  @Test
  void filesWithOtherNamesAreLeftAloneAndNamed() throws IOException {
    List<String> names = List.of("7.batches", "00000000000000000001.batches.bak", "notes");
    for (String name : names) {
      Files.write(new File(folder, name).toPath(), new byte[] {1});
    }
    List<Object> logged = Collections.synchronizedList(new ArrayList<>());
    ClientOptions options =
        new ClientOptions()
            .eventLog(
                (level, event, facts) -> {
                  assertEquals("file_left_alone", event);
                  logged.add(facts.get("file"));
                });
    try (IotflowClient client = new IotflowClient(server.target(), options);
        TelemetryWriter writer = client.newWriter(new WriterOptions().folder(folder))) {
      add(writer, 0, 10);
      writer.flush(SOON);
    }
    assertEquals(3, logged.size());
    assertEquals(new HashSet<Object>(names), new HashSet<>(logged));
    for (String name : names) {
      assertEquals(1, new File(folder, name).length());
    }
  }

  @Test
  void eventsAreLogged() {
    BlockingQueue<String> events = new LinkedBlockingQueue<>();
    server.failures.add(Status.UNAVAILABLE.asRuntimeException());
    ClientOptions options =
        new ClientOptions().eventLog((level, event, facts) -> events.add(level + " " + event));
    try (IotflowClient client = new IotflowClient(server.target(), options);
        TelemetryWriter writer = client.newWriter(new WriterOptions())) {
      add(writer, 0, 1);
      writer.flush(SOON);
      assertEquals("WARNING stream_interrupted", events.remove());
    }
  }
}
