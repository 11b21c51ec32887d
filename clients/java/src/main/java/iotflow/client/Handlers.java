package iotflow.client;

import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Calls the handlers of the application. What one throws is logged and has no other effect, because
 * the threads that call them must go on sending and reading.
 */
final class Handlers {
  private static final Logger SYSTEM = Logger.getLogger("iotflow.client");

  private final EventLog log;

  Handlers(EventLog log) {
    this.log = log;
  }

  /** name: of the option or method that took the handler. */
  void call(String name, Runnable handler) {
    try {
      handler.run();
    } catch (Throwable failure) {
      failed(name, failure);
    }
  }

  /**
   * Returns a handler that fails with the rejection where the given one fails, and names its error.
   * null stays null.
   */
  CredentialHandler contained(CredentialHandler handler) {
    return handler == null ? null : rejected -> newKey(handler, rejected);
  }

  void failed(String name, Throwable failure) {
    log(
        EventLog.Level.ERROR,
        "handler_failed",
        Map.of("handler", name, "error", failure.toString()));
  }

  void log(EventLog.Level level, String event, Map<String, Object> facts) {
    try {
      log.log(level, event, facts);
    } catch (Throwable failure) {
      SYSTEM.log(Level.SEVERE, "The event log failed with " + event + " " + facts, failure);
    }
  }

  /** The event log of a client that was given none. */
  static void logErrors(EventLog.Level level, String event, Map<String, Object> facts) {
    if (level == EventLog.Level.ERROR) {
      SYSTEM.log(Level.SEVERE, "{0} {1}", new Object[] {event, facts});
    }
  }

  private String newKey(CredentialHandler handler, IotflowException rejected)
      throws InterruptedException {
    try {
      return handler.newKey(rejected);
    } catch (InterruptedException end) {
      throw end;
    } catch (Throwable failure) {
      failed("onCredentialWanted", failure);
      throw rejected.with("The credential handler failed: " + failure + ".");
    }
  }
}
