package iotflow.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Segments that somebody changes while their writer runs. */
@Timeout(60)
class DamageTest {
  private static final Duration SOON = Duration.ofSeconds(20);

  enum Damage {
    CUT,
    EMPTIED,
    REMOVED,
    FLIPPED
  }

  @TempDir File folder;
  private TestServer server;
  private final List<Dropped> drops = Collections.synchronizedList(new ArrayList<>());

  @BeforeEach
  void start() throws IOException {
    server = new TestServer();
    server.silent = true;
  }

  @AfterEach
  void stop() throws InterruptedException {
    server.close();
  }

  private TelemetryWriter writer(IotflowClient client) {
    return client.newWriter(
        new WriterOptions().folder(folder).batchRows(1).window(1).onDropped(drops::add));
  }

  private static void add(TelemetryWriter writer, int from, int to) {
    for (int i = from; i < to; i++) {
      writer.add(Row.of("level", 1.0).at(i));
    }
  }

  private File[] segments() {
    File[] files = folder.listFiles((parent, name) -> name.endsWith(".batches"));
    Arrays.sort(files);
    return files;
  }

  @Test
  void diskThatFailsIsLoggedOnceAndNamedByADeadline() throws Exception {
    List<String> events = Collections.synchronizedList(new ArrayList<>());
    CountDownLatch failed = new CountDownLatch(1);
    ClientOptions options =
        new ClientOptions()
            .eventLog(
                (level, event, facts) -> {
                  events.add(event);
                  if (event.equals("disk_failed")) {
                    failed.countDown();
                  }
                });
    File gone = new File(folder, "gone");
    try (IotflowClient client = new IotflowClient(server.target(), options)) {
      TelemetryWriter writer = client.newWriter(new WriterOptions().folder(gone).batchRows(1));
      add(writer, 0, 1);
      for (File each : gone.listFiles()) {
        assertTrue(each.delete());
      }
      assertTrue(gone.delete());
      CompletableFuture<Void> adding = CompletableFuture.runAsync(() -> add(writer, 1, 2));
      assertTrue(failed.await(10, TimeUnit.SECONDS));
      for (int i = 0; i < 2; i++) {
        IotflowException late =
            assertThrows(IotflowException.class, () -> writer.flush(Duration.ofMillis(1100)));
        assertTrue(late.getMessage().contains("The disk does not take the queue"), late.toString());
      }
      assertFalse(adding.isDone());
      assertEquals(1, Collections.frequency(events, "disk_failed"));
      assertThrows(IotflowException.class, () -> writer.close(Duration.ZERO));
      assertThrows(ExecutionException.class, adding::get);
    }
  }

  @Test
  void rowsCannotBeAddedOnceAWriterCloses() throws Exception {
    try (IotflowClient client = server.client()) {
      TelemetryWriter writer = client.newWriter(new WriterOptions());
      add(writer, 0, 1);
      CompletableFuture<Void> closing =
          CompletableFuture.runAsync(() -> writer.close(Duration.ofSeconds(2)));
      int added = 1;
      IotflowException refused = null;
      while (refused == null) {
        try {
          add(writer, added, added + 1);
          added++;
        } catch (IotflowException failure) {
          refused = failure;
        }
      }
      assertEquals(Status.Code.FAILED_PRECONDITION, refused.code());
      assertFalse(closing.isDone());
      assertEquals(added, writer.status().queuedRows());
      assertThrows(ExecutionException.class, closing::get);
    }
  }

  /** Damages the second half of the only segment. */
  private void damage(Damage kind) throws IOException {
    assertEquals(1, segments().length);
    File segment = segments()[0];
    try (RandomAccessFile file = new RandomAccessFile(segment, "rw")) {
      long half = file.length() / 2;
      if (kind == Damage.FLIPPED) {
        file.seek(half + Records.HEADER);
        int value = file.read();
        file.seek(half + Records.HEADER);
        file.write(value ^ 1);
      } else if (kind != Damage.REMOVED) {
        file.setLength(kind == Damage.CUT ? half : 0);
      }
    }
    if (kind == Damage.REMOVED) {
      assertTrue(segment.delete());
    }
  }

  private static List<Long> times(long... present) {
    return LongStream.of(present).boxed().collect(Collectors.toList());
  }

  @ParameterizedTest
  @EnumSource
  void damagedRowsAreReportedAndOthersSent(Damage kind) throws Exception {
    try (IotflowClient client = server.client();
        TelemetryWriter writer = writer(client)) {
      add(writer, 0, 10);
      damage(kind);
      add(writer, 10, 20);
      server.silent = false;
      server.breakStreams();
      writer.flush(SOON);
      int lost = writer.status().queuedRows() + (int) writer.status().droppedRows();
      assertEquals(expectedLost(kind), lost);
      assertEquals(20 - lost, writer.status().acknowledgedRows());
    }
    assertTrue(new TreeSet<>(server.times()).containsAll(times(10, 11, 19)));
    assertTrue(drops.stream().allMatch(each -> each.reason().equals(Dropped.DAMAGED)));
  }

  private static int expectedLost(Damage kind) {
    switch (kind) {
      case FLIPPED:
        return 1;
      case CUT:
        return 5;
      default:
        return 10;
    }
  }

  /** What follows a damage in a file is not found by the next process. */
  @ParameterizedTest
  @EnumSource(names = {"CUT", "EMPTIED", "REMOVED"})
  void rowsAfterTheDamageSurviveTheProcess(Damage kind) throws Exception {
    QueueFolder queue = new QueueFolder(folder, 1 << 20);
    for (int sequence = 1; sequence <= 10; sequence++) {
      queue.write(sequence, 1, payload(sequence));
    }
    damage(kind);
    queue.write(11, 1, payload(11));
    queue.write(12, 1, payload(12));
    queue.close();
    List<Long> found = new ArrayList<>();
    QueueFolder next = new QueueFolder(folder, 1 << 20);
    next.takeFound().forEach(entry -> found.add(entry.sequence));
    next.close();
    assertTrue(found.containsAll(times(11, 12)), found.toString());
  }

  @Test
  void writerDoesNotAppendAfterARecordThatItFoundDamaged() throws IOException {
    QueueFolder queue = new QueueFolder(folder, 1 << 20);
    QueueEntry first = queue.write(1, 1, payload(1));
    queue.write(2, 1, payload(2));
    byte[] data = Files.readAllBytes(segments()[0].toPath());
    data[Records.HEADER] ^= 1;
    Files.write(segments()[0].toPath(), data);
    assertEquals("The record is damaged.", failure(first));
    queue.write(3, 1, payload(3));
    assertEquals(2, segments().length);
    queue.close();
  }

  private static String failure(QueueEntry entry) {
    try {
      entry.segment.read(entry);
      return "";
    } catch (IOException failure) {
      return failure.getMessage();
    }
  }

  private static byte[] payload(long sequence) {
    OpenBatch batch = new OpenBatch();
    batch.add(Row.of("level", 1.0), sequence, false);
    return BatchEncoder.encode(batch, sequence);
  }
}
