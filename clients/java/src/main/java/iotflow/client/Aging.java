package iotflow.client;

import java.time.Duration;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Looks at the open batch when it may have reached its age. */
final class Aging {
  private final Duration age;
  private final Supplier<Duration> look;
  private final ScheduledThreadPoolExecutor timer = Threads.timer("iotflow-aging");
  private boolean scheduled;

  /** look: returns the time until it must be called again, or null. */
  Aging(Duration age, Supplier<Duration> look) {
    this.age = age;
    this.look = look;
  }

  /** Begins to wait for the age of a batch, where it does not wait already. */
  synchronized void begin() {
    if (!scheduled && !timer.isShutdown()) {
      scheduled = true;
      schedule(age);
    }
  }

  synchronized void close() {
    timer.shutdownNow();
  }

  private void schedule(Duration pause) {
    timer.schedule(this::look, pause.toNanos(), TimeUnit.NANOSECONDS);
  }

  private void look() {
    synchronized (this) {
      scheduled = false;
    }
    Duration rest = look.get();
    synchronized (this) {
      if (rest != null && !scheduled && !timer.isShutdown()) {
        scheduled = true;
        schedule(rest);
      }
    }
  }
}
