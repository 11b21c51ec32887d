package iotflow.client;

import iotflow.v1.Command;
import iotflow.v1.StreamCommandsRequest;
import iotflow.v1.Words;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;

/** Hands each command over once, and keeps the results of the last ones. */
final class CommandQueue {
  /** The newest values by command. */
  private static final class Newest<V> extends LinkedHashMap<Long, V> {
    private static final int MOST = 1000;
    private static final long serialVersionUID = 1;

    @Override
    protected boolean removeEldestEntry(Map.Entry<Long, V> eldest) {
      return size() > MOST;
    }
  }

  private final CommandHandler handler;
  private final Handlers handlers;
  private final ExecutorService executor = Threads.timer("iotflow-commands-handler");

  /** Commands by id, oldest first; nothing where there is no result yet. */
  private final Map<Long, Optional<StreamCommandsRequest>> results = new Newest<>();

  /**
   * Results that the server could not store, for the next stream. The server delivers the commands
   * of forgotten ones again.
   */
  private final Map<Long, StreamCommandsRequest> again = new Newest<>();

  private CommandStream.Exchange exchange;

  CommandQueue(CommandHandler handler, Handlers handlers) {
    this.handler = handler;
    this.handlers = handlers;
  }

  /** Starts a stream. What comes in meanwhile waits until results can go out. */
  synchronized void begin(CommandStream.Exchange next, Runnable start) {
    exchange = next;
    start.run();
    again.values().forEach(this::send);
    again.clear();
  }

  synchronized void end(CommandStream.Exchange ended) {
    exchange = exchange == ended ? null : exchange;
  }

  /** Hands a new command to the handler, and answers one whose result is known. */
  synchronized void take(Command command) {
    Optional<StreamCommandsRequest> known = results.get(command.getId());
    if (known != null) {
      known.ifPresent(this::send);
      return;
    }
    results.put(command.getId(), Optional.empty());
    executor.execute(() -> finish(execute(command)));
  }

  synchronized void repeatLater(long id) {
    results.getOrDefault(id, Optional.empty()).ifPresent(result -> again.put(id, result));
  }

  /** Interrupts the handler. */
  void close() {
    executor.shutdownNow();
  }

  private synchronized void finish(StreamCommandsRequest result) {
    results.replace(result.getCommandId(), Optional.of(result));
    send(result);
  }

  private void send(StreamCommandsRequest result) {
    if (exchange != null) {
      exchange.send(result);
    }
  }

  /** Returns what the server gets about a command. */
  private StreamCommandsRequest execute(Command command) {
    StreamCommandsRequest.Builder answer =
        StreamCommandsRequest.newBuilder().setCommandId(command.getId());
    try {
      Map<String, ?> result = handler.handle(command);
      answer.setResult(Structs.ofMap(result)).setState(Words.CommandOutcome.SUCCEEDED);
    } catch (Throwable failure) {
      String message = messageOf(failure);
      handlers.log(
          EventLog.Level.WARNING,
          "command_failed",
          Map.of("command", command.getId(), "error", message));
      answer.setResult(Structs.ofMap(Map.of("error", message)));
      answer.setState(Words.CommandOutcome.FAILED);
    }
    return answer.build();
  }

  private static String messageOf(Throwable failure) {
    String message = failure.getMessage() == null ? failure.toString() : failure.getMessage();
    // Halves of surrogate pairs become question marks.
    return new String(message.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
  }
}
