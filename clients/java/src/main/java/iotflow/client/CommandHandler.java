package iotflow.client;

import iotflow.v1.Command;
import java.util.Map;

/** Executes commands. */
@FunctionalInterface
public interface CommandHandler {
  /**
   * Executes a command and returns its result: null, Booleans, numbers, texts, lists and maps by
   * name. What it throws is logged, and reported as {@code failed} with its message; so is a result
   * that JSON cannot express, such as NaN, or of more than 65,536 bytes as JSON. The thread is
   * interrupted when the subscription is closed.
   */
  Map<String, ?> handle(Command command) throws Exception;
}
