package iotflow.client;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The pauses between attempts: they double, and are shortened at random so that a fleet does not
 * return at once.
 */
final class Backoff {
  private static final long FIRST_MILLIS = 200;
  private static final long LONGEST_MILLIS = 30_000;
  private static final int DOUBLINGS = 8;

  private int failures;

  /** Begins with the first pause again, after a success. */
  synchronized void reset() {
    failures = 0;
  }

  /** Returns the pause after another failure. The server's wish is added. */
  synchronized Duration next(Duration retryAfter) {
    long pause = Math.min(FIRST_MILLIS << failures, LONGEST_MILLIS);
    failures = Math.min(failures + 1, DOUBLINGS);
    double factor = ThreadLocalRandom.current().nextDouble(0.5, 1);
    return retryAfter.plusMillis((long) (pause * factor));
  }
}
