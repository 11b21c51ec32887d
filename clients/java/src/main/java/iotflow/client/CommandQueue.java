package iotflow.client;

import iotflow.v1.Command;
import iotflow.v1.StreamCommandsRequest;
import iotflow.v1.Words;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;

/** Hands each command over once, and keeps the results of the last ones. */
final class CommandQueue {
  private static final int KEPT = 1000;

  private final CommandHandler handler;
  private final ExecutorService executor = Threads.timer("iotflow-commands-handler");

  /** Commands by id, oldest first; nothing where there is no result yet. */
  private final Map<Long, Optional<StreamCommandsRequest>> results =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(
            Map.Entry<Long, Optional<StreamCommandsRequest>> eldest) {
          return size() > KEPT;
        }
      };

  /** Results that the server could not store, for the next stream. */
  private final List<StreamCommandsRequest> again = new ArrayList<>();

  private CommandStream.Exchange exchange;

  CommandQueue(CommandHandler handler) {
    this.handler = handler;
  }

  /** Starts a stream. What comes in meanwhile waits until results can go out. */
  synchronized void begin(CommandStream.Exchange next, Runnable start) {
    exchange = next;
    start.run();
    again.forEach(this::send);
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
    results.getOrDefault(id, Optional.empty()).ifPresent(again::add);
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
    } catch (Exception failure) {
      String message = failure.getMessage() == null ? failure.toString() : failure.getMessage();
      answer.setResult(Structs.ofMap(Map.of("error", message)));
      answer.setState(Words.CommandOutcome.FAILED);
    }
    return answer.build();
  }
}
