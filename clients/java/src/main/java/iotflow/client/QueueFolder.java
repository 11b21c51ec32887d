package iotflow.client;

import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** The folder of a queue. */
final class QueueFolder {
  private static final String SUFFIX = ".batches";

  /** The files of batches. Others are left alone. */
  private static final Pattern SEGMENT = Pattern.compile("[0-9]{20}\\.batches");

  private static final Set<String> OTHER_FILES =
      Set.of(
          FolderLock.NAME,
          AcknowledgedFile.NAME,
          AcknowledgedFile.NAME + ".new",
          DeviceFile.NAME,
          DeviceFile.NAME + ".new");

  private static final long LARGEST_SEGMENT = 4L << 20;

  private static final int LARGEST_BLOCK = 64 << 10;

  /** A queue has at least so many segments, so that its files take not much more than its limit. */
  private static final int SEGMENTS_OF_LIMIT = 8;

  private final File folder;
  private final long segmentSize;
  private final FolderLock lock;
  private final AcknowledgedFile acknowledgedFile;
  private final DeviceFile deviceFile;
  private final List<Segment> segments = new ArrayList<>();
  private Segment active;
  private long acknowledged;
  private boolean closed;
  private List<QueueEntry> found = new ArrayList<>();

  private long last;
  private int damaged;
  private int device;

  /** Opens the folder. Fails with the reason QUEUE_IN_USE where another writer has it. */
  QueueFolder(File folder, long limit) {
    this.folder = folder;
    segmentSize = Math.max(1, Math.min(limit / SEGMENTS_OF_LIMIT, LARGEST_SEGMENT));
    acknowledgedFile = new AcknowledgedFile(folder);
    deviceFile = new DeviceFile(folder);
    try {
      PrivateFiles.makeFolder(folder);
      lock = FolderLock.take(folder);
    } catch (IOException failure) {
      throw unusable(failure);
    }
    try {
      acknowledged = acknowledgedFile.read();
      device = deviceFile.read();
      scan();
    } catch (IOException failure) {
      close();
      throw unusable(failure);
    }
  }

  File path() {
    return folder;
  }

  /** The device that the folder has on record, or 0. */
  synchronized int device() {
    return device;
  }

  /** Records the device whose batches the folder has. */
  synchronized void record(int id) {
    if (closed || id == device) {
      return;
    }
    try {
      deviceFile.write(id);
      device = id;
    } catch (IOException failure) {
      // The folder has the record of before, and gets this one with the next stream.
    }
  }

  /** The names of files that are not those of a queue. */
  List<String> others() {
    String[] names =
        folder.list(
            (parent, name) -> !SEGMENT.matcher(name).matches() && !OTHER_FILES.contains(name));
    return names == null ? List.of() : List.of(names);
  }

  /** The highest sequence that the folder had. */
  long last() {
    return last;
  }

  /** Returns the batches that the folder had when it was opened. */
  List<QueueEntry> takeFound() {
    List<QueueEntry> taken = found;
    found = null;
    return taken;
  }

  /** The number of segments of which a part was skipped. */
  int damaged() {
    return damaged;
  }

  /**
   * Appends a synchronized record. Where it fails, the folder is as before. One thread at a time
   * writes; {@link #release} does not wait for it.
   */
  QueueEntry write(long sequence, int rows, byte[] payload) throws IOException {
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
    Segment segment = segmentFor(sequence, record.length);
    QueueEntry entry = QueueEntry.onDisk(sequence, rows, length, segment, segment.append(record));
    synchronized (this) {
      segment.live++;
    }
    return entry;
  }

  private synchronized Segment segmentFor(long sequence, int size) throws IOException {
    if (closed) {
      throw new IOException("The queue is closed.");
    }
    if (active != null && hasRoom(active, size)) {
      return active;
    }
    Segment former = active;
    active = null;
    if (former != null && former.live == 0) {
      remove(former);
    }
    active = new Segment(new File(folder, String.format(Locale.ROOT, "%020d%s", sequence, SUFFIX)));
    segments.add(active);
    PrivateFiles.synchronizeFolder(folder);
    return active;
  }

  private boolean hasRoom(Segment segment, int size) {
    boolean fits = segment.size() == 0 || segment.size() + size <= segmentSize;
    return fits && segment.isIntact();
  }

  /** Removes an active segment without live entries, which may make room on a full disk. */
  private synchronized boolean removeIdle() {
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
      acknowledgedFile.write(floor);
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

  synchronized void close() {
    closed = true;
    for (Segment segment : segments) {
      segment.close();
    }
    lock.close();
  }

  private void remove(Segment segment) {
    segments.remove(segment);
    segment.delete();
  }

  private void scan() throws IOException {
    File[] files = folder.listFiles((parent, name) -> SEGMENT.matcher(name).matches());
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

  /**
   * Cuts off an incomplete or damaged record at the end of the last segment, with the zeros that a
   * file system may leave in place of what was not synchronized.
   */
  private List<QueueEntry> scanSegment(File path, boolean isLast) throws IOException {
    Segment segment = new Segment(path);
    segments.add(segment);
    byte[] data = segment.readAll();
    Records.Scan scan = Records.scan(data, segment);
    if (scan.good < data.length) {
      if (isLast && Records.isZero(data, scan.good + scan.bad)) {
        segment.cut(scan.good);
      } else {
        damaged++;
      }
    }
    return scan.found;
  }

  private static IotflowException unusable(IOException failure) {
    String message = "The folder of the queue cannot be used: " + failure.getMessage() + ".";
    return IotflowException.precondition("", message, failure);
  }
}
