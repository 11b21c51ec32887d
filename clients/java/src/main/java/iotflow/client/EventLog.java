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

  /** Takes an event with a name in snake_case, such as {@code stream_interrupted}. */
  void log(Level level, String event, Map<String, Object> facts);
}
