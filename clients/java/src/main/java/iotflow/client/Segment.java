package iotflow.client;

import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;

/**
 * A file of records. It is no FileChannel, because an interruption of a thread that uses one closes
 * it.
 */
final class Segment {
  private final File path;
  private final RandomAccessFile file;
  private long size;

  /** Whether a record was not what was written. */
  private boolean damaged;

  /** The number of entries that are not acknowledged. The folder counts them. */
  int live;

  /** Opens the file, and makes it where it does not exist. */
  Segment(File path) throws IOException {
    this.path = path;
    file = PrivateFiles.open(path);
    size = file.length();
  }

  synchronized long size() {
    return size;
  }

  /** Reads the whole file. */
  synchronized byte[] readAll() throws IOException {
    byte[] data = new byte[(int) Math.min(size, Integer.MAX_VALUE)];
    file.seek(0);
    file.readFully(data);
    return data;
  }

  /** Whether others have left the file alone. What follows a damage is not found again. */
  synchronized boolean isIntact() {
    return !damaged && path.exists() && path.length() == size;
  }

  /** Returns the payload of an entry. Fails where it is not what was written. */
  synchronized byte[] read(QueueEntry entry) throws IOException {
    try {
      return readChecked(entry);
    } catch (IOException failure) {
      damaged = true;
      throw failure;
    }
  }

  private byte[] readChecked(QueueEntry entry) throws IOException {
    if (!path.exists()) {
      throw new IOException(path + " was removed");
    }
    byte[] header = new byte[Records.HEADER];
    byte[] payload = new byte[entry.length];
    file.seek(entry.offset);
    file.readFully(header);
    file.readFully(payload);
    if (Records.littleEndian(header).getInt(4) != Records.crc(payload, 0, payload.length)) {
      throw new IOException("The record is damaged.");
    }
    return payload;
  }

  /**
   * Appends a synchronized record, and returns its offset. Where it fails, the file is as before.
   */
  synchronized long append(byte[] record) throws IOException {
    try {
      file.seek(size);
      file.write(record);
      file.getFD().sync();
    } catch (IOException failure) {
      cut(size);
      throw failure;
    }
    long offset = size;
    size += record.length;
    return offset;
  }

  /** Removes everything from the offset on. */
  synchronized void cut(long offset) throws IOException {
    file.setLength(offset);
    file.getFD().sync();
    size = offset;
  }

  synchronized void close() {
    try {
      file.close();
    } catch (IOException failure) {
      // Everything is synchronized, so nothing is lost.
    }
  }

  void delete() {
    close();
    // A file that stays is sent again by the next writer, which is harmless.
    path.delete();
  }
}
