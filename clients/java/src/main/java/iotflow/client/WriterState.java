package iotflow.client;

/** Whether a writer still takes rows and sends. */
final class WriterState {
  private static final String CLOSED = "The writer is closed.";

  private volatile IotflowException failure;
  private volatile boolean closing;
  private volatile boolean closed;

  /** Fails where no rows can be added any more. */
  void checkAdding() {
    check();
    if (closing) {
      throw IotflowException.precondition("", CLOSED, null);
    }
  }

  /** Fails where the writer has failed or is closed. */
  void check() {
    if (failure != null) {
      throw failure;
    }
    if (closed) {
      throw IotflowException.precondition("", CLOSED, null);
    }
  }

  boolean isOver() {
    return closed || failure != null;
  }

  void fail(IotflowException error) {
    failure = error;
  }

  /** No rows are taken from now on. */
  void beginClose() {
    closing = true;
  }

  void close() {
    closed = true;
  }
}
