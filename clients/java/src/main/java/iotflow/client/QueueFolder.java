package iotflow.client;

import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;

/** The folder of a queue. */
final class QueueFolder {
  private static final String SUFFIX = ".batches";
  private static final int ACKNOWLEDGED_BYTES = 12;
  private static final long LARGEST_SEGMENT = 4L << 20;

  /** A queue has at least so many segments, so that its files take not much more than its limit. */
  private static final int SEGMENTS_OF_LIMIT = 8;

  private final File folder;
  private final long segmentSize;
  private final RandomAccessFile lock;
  private final List<Segment> segments = new ArrayList<>();
  private Segment active;
  private long acknowledged;
  private boolean closed;

  /** What the folder had when it was opened. */
  final List<QueueEntry> found = new ArrayList<>();

  private long last;
  private int damaged;

  /** Opens the folder. Fails with the reason QUEUE_IN_USE where another writer has it. */
  QueueFolder(File folder, long limit) {
    this.folder = folder;
    segmentSize = Math.max(1, Math.min(limit / SEGMENTS_OF_LIMIT, LARGEST_SEGMENT));
    try {
      Files.createDirectories(folder.toPath());
      lock = takeLock();
    } catch (IOException failure) {
      throw unusable(failure);
    }
    try {
      acknowledged = readAcknowledged();
      scan();
    } catch (IOException failure) {
      close();
      throw unusable(failure);
    }
  }

  /** The highest sequence that the folder had. */
  long last() {
    return last;
  }

  /** The number of segments of which a part was skipped. */
  int damaged() {
    return damaged;
  }

  /** Appends a synchronized record. Where it fails, the folder is as before. */
  synchronized QueueEntry write(long sequence, int rows, byte[] payload) throws IOException {
    byte[] record = Records.record(payload);
    try {
      return write(sequence, rows, record, payload.length);
    } catch (IOException failure) {
      if (!removeIdle()) {
        throw failure;
      }
      return write(sequence, rows, record, payload.length);
    }
  }

  private QueueEntry write(long sequence, int rows, byte[] record, int length) throws IOException {
    if (closed) {
      throw new IOException("The queue is closed.");
    }
    Segment segment = segmentFor(sequence, record.length);
    QueueEntry entry = QueueEntry.onDisk(sequence, rows, length, segment, segment.append(record));
    segment.live++;
    return entry;
  }

  private Segment segmentFor(long sequence, int size) throws IOException {
    if (active != null && (active.size() == 0 || active.size() + size <= segmentSize)) {
      return active;
    }
    Segment former = active;
    active = new Segment(new File(folder, String.format(Locale.ROOT, "%020d%s", sequence, SUFFIX)));
    segments.add(active);
    synchronizeFolder();
    if (former != null && former.live == 0) {
      remove(former);
    }
    return active;
  }

  /** Removes an active segment without live entries, which may make room on a full disk. */
  private boolean removeIdle() {
    if (active == null || active.live > 0) {
      return false;
    }
    Segment idle = active;
    active = null;
    boolean hasBytes = idle.size() > 0;
    remove(idle);
    return hasBytes;
  }

  /**
   * Records that everything up to the floor is acknowledged, and deletes segments without entries.
   */
  synchronized void release(Collection<QueueEntry> removed, long floor) {
    if (closed) {
      return;
    }
    if (floor > acknowledged) {
      acknowledged = floor;
      writeAcknowledged();
    }
    for (QueueEntry entry : removed) {
      entry.segment.live--;
    }
    for (Segment segment : new ArrayList<>(segments)) {
      if (segment.live == 0 && segment != active) {
        remove(segment);
      }
    }
  }

  /** Whether a record of this size may have failed because the disk is full. */
  boolean isOutOfSpace(int size) {
    return folder.getUsableSpace() < size + Records.HEADER + LARGEST_BLOCK;
  }

  private static final int LARGEST_BLOCK = 64 << 10;

  synchronized void close() {
    closed = true;
    for (Segment segment : segments) {
      segment.close();
    }
    try {
      lock.close();
    } catch (IOException failure) {
      // The lock ends with the process.
    }
  }

  private void remove(Segment segment) {
    segments.remove(segment);
    segment.delete();
  }

  private RandomAccessFile takeLock() throws IOException {
    RandomAccessFile file = new RandomAccessFile(new File(folder, "lock"), "rw");
    try {
      if (file.getChannel().tryLock() != null) {
        return file;
      }
    } catch (OverlappingFileLockException ownProcess) {
      // Another writer of this process has the folder.
    }
    file.close();
    throw IotflowException.precondition(
        IotflowException.QUEUE_IN_USE, "Another writer uses the folder " + folder + ".", null);
  }

  private void scan() throws IOException {
    File[] files = folder.listFiles((parent, name) -> name.endsWith(SUFFIX));
    if (files == null) {
      throw new IOException(folder + " cannot be listed");
    }
    Arrays.sort(files);
    last = acknowledged;
    for (int i = 0; i < files.length; i++) {
      for (QueueEntry entry : scanSegment(files[i], i == files.length - 1)) {
        if (entry.sequence > last) {
          found.add(entry);
          entry.segment.live++;
          last = entry.sequence;
        }
      }
    }
    release(List.of(), acknowledged);
  }

  /** Cuts off an incomplete or damaged record at the end of the last segment. */
  private List<QueueEntry> scanSegment(File path, boolean isLast) throws IOException {
    Segment segment = new Segment(path);
    segments.add(segment);
    byte[] data = segment.readAll();
    Records.Scan scan = Records.scan(data, segment);
    if (scan.good < data.length) {
      if (isLast && scan.good + scan.bad == data.length) {
        segment.cut(scan.good);
      } else {
        damaged++;
      }
    }
    return scan.found;
  }

  private void writeAcknowledged() {
    ByteBuffer data = Records.littleEndian(new byte[ACKNOWLEDGED_BYTES]);
    data.putLong(0, acknowledged);
    data.putInt(Long.BYTES, Records.crc(data.array(), 0, Long.BYTES));
    File written = new File(folder, "acknowledged.new");
    try {
      try (FileOutputStream output = new FileOutputStream(written)) {
        output.write(data.array());
      }
      Files.move(
          written.toPath(),
          new File(folder, "acknowledged").toPath(),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException failure) {
      // Without this record everything is sent again, which is harmless.
    }
  }

  /** The recorded sequence, or 0 where the file is missing or damaged. */
  private long readAcknowledged() throws IOException {
    File file = new File(folder, "acknowledged");
    byte[] data = file.exists() ? Files.readAllBytes(file.toPath()) : new byte[0];
    if (data.length != ACKNOWLEDGED_BYTES) {
      return 0;
    }
    ByteBuffer numbers = Records.littleEndian(data);
    boolean isWhole = numbers.getInt(Long.BYTES) == Records.crc(data, 0, Long.BYTES);
    return isWhole ? numbers.getLong(0) : 0;
  }

  /** Makes the names of new files durable. Some systems cannot, and need not. */
  private void synchronizeFolder() {
    try (FileChannel channel = FileChannel.open(folder.toPath(), StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException unsupported) {
      // As above.
    }
  }

  private static IotflowException unusable(IOException failure) {
    String message = "The folder of the queue cannot be used: " + failure.getMessage() + ".";
    return IotflowException.precondition("", message, failure);
  }
}
