package iotflow.client;

import iotflow.v1.Words;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Shows the server's time, continued with the monotonic clock of this machine. Steps of the
 * machine's clock do not change it. It needs the key of a device.
 */
public final class ServerClock {
  private final IotflowClient client;
  private final long start = System.nanoTime();
  private final CompletableFuture<Void> known = new CompletableFuture<>();
  private volatile long offsetMillis;

  ServerClock(IotflowClient client) {
    this.client = client;
  }

  /** Takes the server's time with a heartbeat. */
  public void synchronize() {
    client.heartbeat(Words.Presence.ONLINE);
  }

  /** Returns the server's time, or nothing before the first answer of the server. */
  public Optional<Instant> now() {
    return isKnown()
        ? Optional.of(Instant.ofEpochMilli(offsetMillis + elapsedMillis()))
        : Optional.empty();
  }

  /** The monotonic time since the client was made. */
  long elapsedMillis() {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
  }

  boolean isKnown() {
    return known.isDone();
  }

  /** Calls the task when the server's time is known. */
  void whenKnown(Runnable task) {
    known.thenRun(task);
  }

  /** What to add to the monotonic time. */
  long offsetMillis() {
    return offsetMillis;
  }

  /** Takes the time of an answer, which the server read half of the call's duration ago. */
  void learn(long answerMillis, long sent, long received) {
    offsetMillis = answerMillis - (sent + (received - sent) / 2);
    known.complete(null);
  }
}
