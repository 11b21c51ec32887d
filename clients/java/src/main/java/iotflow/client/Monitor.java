package iotflow.client;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/** A lock whose changes wake everything that waits. Waits end with their deadline. */
final class Monitor {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  void change(Runnable change) {
    lock.lock();
    try {
      change.run();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  long get(LongSupplier value) {
    lock.lock();
    try {
      return value.getAsLong();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits until `done` is true, which each change lets it look at again, and returns true. Returns
   * false after the deadline.
   */
  boolean await(Deadline deadline, BooleanSupplier done) {
    try {
      lock.lockInterruptibly();
      try {
        while (!done.getAsBoolean()) {
          if (deadline.nanos() <= 0) {
            return false;
          }
          changed.await(deadline.nanos(), TimeUnit.NANOSECONDS);
        }
        return true;
      } finally {
        lock.unlock();
      }
    } catch (InterruptedException interruption) {
      throw IotflowException.interrupted(interruption);
    }
  }
}
