package iotflow.client;

/** The numbers of a writer. */
public final class WriterStatus {
  private final int queuedRows;
  private final long queuedBytes;
  private final long acknowledgedRows;
  private final long rejectedValues;
  private final long droppedRows;
  private final int interruptions;

  WriterStatus(BatchQueue queue, int openRows, WriterEvents events) {
    queuedRows = queue.rows() + openRows;
    queuedBytes = queue.bytes();
    acknowledgedRows = queue.acknowledgedRows();
    rejectedValues = events.rejectedValues();
    droppedRows = events.droppedRows();
    interruptions = events.interruptions();
  }

  /** Rows that are not acknowledged yet, with those of the open batch. */
  public int queuedRows() {
    return queuedRows;
  }

  /** The size of the queue. */
  public long queuedBytes() {
    return queuedBytes;
  }

  /** Rows that the server has processed. */
  public long acknowledgedRows() {
    return acknowledgedRows;
  }

  /** Rows or values that the server did not store. */
  public long rejectedValues() {
    return rejectedValues;
  }

  /** Rows that the queue lost. */
  public long droppedRows() {
    return droppedRows;
  }

  /** The number of failed streams. */
  public int interruptions() {
    return interruptions;
  }

  @Override
  public String toString() {
    return queuedRows
        + " rows queued ("
        + queuedBytes
        + " bytes), "
        + acknowledgedRows
        + " acknowledged, "
        + rejectedValues
        + " rejected, "
        + droppedRows
        + " dropped, "
        + interruptions
        + " interruptions";
  }
}
