package iotflow.client;

/** Tells that rows are lost. */
public final class Dropped {
  /** The queue was full. */
  public static final String QUEUE_FULL = "QUEUE_FULL";

  /** The disk did not take a batch. */
  public static final String DISK_FULL = "DISK_FULL";

  /** The disk did not return what was written. */
  public static final String DAMAGED = "DAMAGED";

  private final int rows;
  private final String reason;

  Dropped(int rows, String reason) {
    this.rows = rows;
    this.reason = reason;
  }

  /** The number of rows, 0 where it cannot be known. */
  public int rows() {
    return rows;
  }

  /** One of {@link #QUEUE_FULL}, {@link #DISK_FULL} and {@link #DAMAGED}. */
  public String reason() {
    return reason;
  }

  @Override
  public String toString() {
    return rows + " rows dropped: " + reason;
  }
}
