package iotflow.client;

/** A batch that is not acknowledged. */
final class QueueEntry {
  final long sequence;
  final int rows;
  final int length;

  /** The encoded batch, or null where it is on disk. */
  final byte[] payload;

  /** Where the record is on disk, or null. */
  final Segment segment;

  final long offset;

  private QueueEntry(
      long sequence, int rows, int length, byte[] payload, Segment segment, long offset) {
    this.sequence = sequence;
    this.rows = rows;
    this.length = length;
    this.payload = payload;
    this.segment = segment;
    this.offset = offset;
  }

  static QueueEntry inMemory(long sequence, int rows, byte[] payload) {
    return new QueueEntry(sequence, rows, payload.length, payload, null, 0);
  }

  static QueueEntry onDisk(long sequence, int rows, int length, Segment segment, long offset) {
    return new QueueEntry(sequence, rows, length, null, segment, offset);
  }

  /** What the entry takes of the queue's limit. */
  long size() {
    return sizeOf(length);
  }

  static long sizeOf(int length) {
    return (long) Records.HEADER + length;
  }
}
