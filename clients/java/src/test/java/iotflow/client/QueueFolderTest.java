package iotflow.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QueueFolderTest {
  private static final long LIMIT = 1 << 20;

  @TempDir File folder;

  /** Writes batches of one row each, from the sequence 1 on, and returns the file. */
  private File write(int batches) throws IOException {
    QueueFolder queue = new QueueFolder(folder, LIMIT);
    for (int sequence = 1; sequence <= batches; sequence++) {
      queue.write(sequence, 1, payload(sequence));
    }
    queue.close();
    return new File(folder, "00000000000000000001.batches");
  }

  private static byte[] payload(long sequence) {
    OpenBatch batch = new OpenBatch();
    batch.add(Row.of("level", sequence), 1_700_000_000_000L, false);
    return BatchEncoder.encode(batch, sequence);
  }

  private static List<Long> sequences(QueueFolder queue) {
    return queue.takeFound().stream().map(entry -> entry.sequence).collect(Collectors.toList());
  }

  @Test
  void batchesSurvive() throws IOException {
    write(3);
    QueueFolder queue = new QueueFolder(folder, LIMIT);
    List<QueueEntry> found = queue.takeFound();
    assertEquals(3, found.size());
    assertEquals(1, found.get(1).rows);
    assertArrayEquals(payload(2), found.get(1).segment.read(found.get(1)));
    assertEquals(3, queue.last());
    queue.close();
  }

  @Test
  void everyCutOfLastRecordIsCutOff() throws IOException {
    File file = write(3);
    byte[] whole = Files.readAllBytes(file.toPath());
    int record = Records.HEADER + payload(3).length;
    for (int missing = 1; missing <= record; missing++) {
      Files.write(file.toPath(), Arrays.copyOf(whole, whole.length - missing));
      QueueFolder queue = new QueueFolder(folder, LIMIT);
      assertEquals(List.of(1L, 2L), sequences(queue));
      assertEquals(0, queue.damaged());
      assertEquals(whole.length - record, file.length());
      queue.close();
    }
  }

  @Test
  void zerosAtTheEndAreCutOff() throws IOException {
    File file = write(3);
    byte[] whole = Files.readAllBytes(file.toPath());
    byte[] torn = whole.clone();
    torn[whole.length - 1] ^= 1;
    for (int zeros : new int[] {1, 8, 9, 4096}) {
      for (byte[] data : List.of(whole, torn)) {
        Files.write(file.toPath(), Arrays.copyOf(data, data.length + zeros));
        QueueFolder queue = new QueueFolder(folder, LIMIT);
        int kept = data == whole ? 3 : 2;
        assertEquals(kept, queue.takeFound().size());
        assertEquals(0, queue.damaged());
        assertEquals(whole.length / 3 * kept, file.length());
        queue.close();
      }
    }
  }

  @Test
  void filesWithOtherNamesAreLeftAlone() throws IOException {
    File other = new File(folder, "7.batches");
    Files.write(other.toPath(), Records.record(payload(7)));
    QueueFolder queue = new QueueFolder(folder, LIMIT);
    assertEquals(List.of(), sequences(queue));
    assertEquals(0, queue.last());
    assertTrue(other.exists());
    queue.close();
  }

  @Test
  void damageInTheMiddleIsReported() throws IOException {
    File file = write(3);
    byte[] data = Files.readAllBytes(file.toPath());
    data[2 * Records.HEADER + payload(1).length + 1] ^= 1;
    Files.write(file.toPath(), data);
    QueueFolder queue = new QueueFolder(folder, LIMIT);
    assertEquals(List.of(1L), sequences(queue));
    assertEquals(1, queue.damaged());
    queue.close();
  }

  @Test
  void anyDamageLeavesTheRecordsBeforeIt() throws IOException {
    byte[] whole = Files.readAllBytes(write(3).toPath());
    Random random = new Random(1);
    for (int round = 0; round < 2000; round++) {
      byte[] data = whole.clone();
      int place = random.nextInt(data.length);
      data[place] ^= (byte) (1 + random.nextInt(255));
      Records.Scan scan = Records.scan(data, null);
      int record = whole.length / 3;
      assertEquals(place / record, scan.found.size());
      assertEquals(place / record * record, scan.good);
    }
  }

  @Test
  void acknowledgedBatchesAreLeftOutAndSequencesContinue() throws IOException {
    write(3);
    BatchQueue queue = new BatchQueue(new QueueFolder(folder, LIMIT), LIMIT);
    queue.widen(2);
    queue.next(() -> true, () -> false);
    queue.next(() -> true, () -> false);
    assertEquals(2, queue.acknowledge(2));
    new AcknowledgedFile(folder).read();
    assertEquals(2, new AcknowledgedFile(folder).read());
    assertEquals(4, queue.nextSequence());
  }

  @Test
  void damagedRecordOfAcknowledgementsMeansNothing() throws IOException {
    Files.write(new File(folder, "acknowledged").toPath(), new byte[12]);
    assertEquals(0, new AcknowledgedFile(folder).read());
    new AcknowledgedFile(folder).write(5);
    assertEquals(5, new AcknowledgedFile(folder).read());
  }

  @Test
  void secondWriterFails() {
    QueueFolder first = new QueueFolder(folder, LIMIT);
    IotflowException failure =
        assertThrows(IotflowException.class, () -> new QueueFolder(folder, LIMIT));
    assertEquals(IotflowException.QUEUE_IN_USE, failure.reason());
    first.close();
    new QueueFolder(folder, LIMIT).close();
  }

  @Test
  void acknowledgedSegmentsAreDeleted() throws IOException {
    QueueFolder queue = new QueueFolder(folder, 8);
    QueueEntry first = queue.write(1, 1, payload(1));
    queue.write(2, 1, payload(2));
    assertEquals(2, segments());
    queue.release(List.of(first), 1);
    assertEquals(1, segments());
    queue.close();
  }

  @Test
  void interruptedThreadDoesNotCloseFiles() throws IOException {
    QueueFolder queue = new QueueFolder(folder, LIMIT);
    Thread.currentThread().interrupt();
    queue.write(1, 1, payload(1));
    assertTrue(Thread.interrupted());
    QueueEntry second = queue.write(2, 1, payload(2));
    assertArrayEquals(payload(2), second.segment.read(second));
    queue.close();
  }

  @Test
  void oldestSegmentIsDroppedAsWhole() throws IOException {
    write(3);
    BatchQueue queue = new BatchQueue(new QueueFolder(folder, LIMIT), LIMIT);
    assertEquals(3, queue.dropOldest(10, true));
    assertEquals(0, queue.bytes());
  }

  private int segments() {
    String[] names = folder.list((parent, name) -> name.endsWith(".batches"));
    return names == null ? 0 : names.length;
  }
}
