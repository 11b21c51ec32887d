package iotflow.client;

import iotflow.v1.Command;
import java.util.Map;

/** Executes commands. */
@FunctionalInterface
public interface CommandHandler {
  /**
   * Executes a command and returns its result: null, Booleans, numbers, texts, lists and maps by
   * name. An exception is reported as {@code failed} with its message. The thread is interrupted
   * when the subscription is closed.
   */
  Map<String, ?> handle(Command command) throws Exception;
}
