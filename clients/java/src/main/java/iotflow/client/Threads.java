package iotflow.client;

import java.util.concurrent.ScheduledThreadPoolExecutor;

/** Threads that do not keep the process alive. */
final class Threads {
  private Threads() {}

  static Thread start(String name, Runnable work) {
    Thread thread = make(name, work);
    thread.start();
    return thread;
  }

  static ScheduledThreadPoolExecutor timer(String name) {
    ScheduledThreadPoolExecutor timer =
        new ScheduledThreadPoolExecutor(1, work -> make(name, work));
    timer.setRemoveOnCancelPolicy(true);
    return timer;
  }

  private static Thread make(String name, Runnable work) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    return thread;
  }
}
