package iotflow.client;

import java.util.Map;

/**
 * Receives log events, for example to hand them to SLF4J or to the log of Android. It is called by
 * several threads, and must return soon.
 */
@FunctionalInterface
public interface EventLog {
  /** How much an event matters. */
  enum Level {
    WARNING,
    ERROR
  }

  /**
   * Takes an event with a name in snake_case: {@code rows_rejected}, {@code rows_dropped}, {@code
   * stream_interrupted}, {@code credential_wanted}, {@code writer_stopped}, {@code command_failed},
   * {@code result_rejected} (of a command), {@code handler_failed} (a handler of the application
   * has thrown), {@code disk_failed} (it takes no batch of a queue) or {@code file_left_alone} (in
   * the folder of a queue).
   */
  void log(Level level, String event, Map<String, Object> facts);
}
