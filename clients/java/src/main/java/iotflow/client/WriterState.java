package iotflow.client;

/** Whether a writer still takes rows and sends. */
final class WriterState {
  private volatile IotflowException failure;
  private volatile boolean closed;

  /** Fails where the writer has failed or is closed. */
  void check() {
    if (failure != null) {
      throw failure;
    }
    if (closed) {
      throw IotflowException.precondition("", "The writer is closed.", null);
    }
  }

  boolean isOver() {
    return closed || failure != null;
  }

  void fail(IotflowException error) {
    failure = error;
  }

  void close() {
    closed = true;
  }
}
