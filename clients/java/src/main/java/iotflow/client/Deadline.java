package iotflow.client;

import java.time.Duration;

/** A time of the monotonic clock, after which a wait ends. */
final class Deadline {
  /** Waits of this length are as good as endless, and can be added to the clock. */
  static final Duration LONGEST = Duration.ofDays(365);

  private final long end;

  private Deadline(long end) {
    this.end = end;
  }

  static Deadline in(Duration duration) {
    return new Deadline(System.nanoTime() + bounded(duration).toNanos());
  }

  /** Returns the duration, or the nearest one whose nanoseconds the clock can count. */
  static Duration bounded(Duration duration) {
    if (duration.isNegative()) {
      return Duration.ZERO;
    }
    return duration.compareTo(LONGEST) < 0 ? duration : LONGEST;
  }

  /** The deadline of waits that only an interruption or the end of the writer ends. */
  static Deadline never() {
    return in(LONGEST);
  }

  /** Returns the sooner one of this deadline and the end of the duration. */
  Deadline sooner(Duration duration) {
    Deadline other = in(duration);
    return nanos() < other.nanos() ? this : other;
  }

  /** Returns the rest of the time, which is 0 or negative after the deadline. */
  long nanos() {
    return end - System.nanoTime();
  }
}
