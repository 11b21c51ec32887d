package iotflow.client;

import java.time.Duration;

/** Tells that a stream has broken, and is opened again after the pause. */
public final class Interruption {
  private final IotflowException error;
  private final Duration pause;

  Interruption(IotflowException error, Duration pause) {
    this.error = error;
    this.pause = pause;
  }

  /** Why the stream has broken. */
  public IotflowException error() {
    return error;
  }

  /** The time until the next attempt. */
  public Duration pause() {
    return pause;
  }

  @Override
  public String toString() {
    return error + ", again in " + pause.toMillis() + " ms";
  }
}
