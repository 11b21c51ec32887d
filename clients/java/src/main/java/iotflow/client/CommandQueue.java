package iotflow.client;

import com.google.protobuf.Struct;
import iotflow.v1.Command;
import iotflow.v1.CommandReceipt;
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

  /** The server takes no larger results. */
  private static final int LARGEST_RESULT = 65_536;

  /** Fewer bytes than those, whatever the characters are. */
  private static final int LONGEST_FAILURE = 4096;

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

  /** The server has not stored a result. */
  void takeRejection(CommandReceipt receipt) {
    if (receipt.getRetryable()) {
      repeatLater(receipt.getCommandId());
      return;
    }
    handlers.log(
        EventLog.Level.WARNING,
        "result_rejected",
        Map.of(
            "command", receipt.getCommandId(),
            "reason", receipt.getReason(),
            "error", receipt.getMessage()));
    giveUp(receipt);
  }

  private synchronized void repeatLater(long id) {
    results.getOrDefault(id, Optional.empty()).ifPresent(result -> again.put(id, result));
  }

  /** Without another answer, the command would stay open. */
  private synchronized void giveUp(CommandReceipt receipt) {
    results
        .getOrDefault(receipt.getCommandId(), Optional.empty())
        .filter(result -> result.getState().equals(Words.CommandOutcome.SUCCEEDED))
        .ifPresent(result -> finish(failed(receipt.getCommandId(), receipt.getMessage())));
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
    try {
      return StreamCommandsRequest.newBuilder()
          .setCommandId(command.getId())
          .setState(Words.CommandOutcome.SUCCEEDED)
          .setResult(checked(Structs.ofMap(handler.handle(command))))
          .build();
    } catch (Throwable failure) {
      String message = failure.getMessage() == null ? failure.toString() : failure.getMessage();
      handlers.log(
          EventLog.Level.WARNING,
          "command_failed",
          Map.of("command", command.getId(), "error", message));
      return failed(command.getId(), message);
    }
  }

  /** Fails where the server would not take the result. */
  private static Struct checked(Struct result) {
    long size = JsonSize.of(result);
    if (size > LARGEST_RESULT) {
      throw IotflowException.invalid(
          "", "The result has " + size + " bytes as JSON; " + LARGEST_RESULT + " are the limit.");
    }
    return result;
  }

  private static StreamCommandsRequest failed(long id, String message) {
    String part = message.substring(0, Math.min(message.length(), LONGEST_FAILURE));
    // Halves of surrogate pairs become question marks.
    String text = new String(part.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
    return StreamCommandsRequest.newBuilder()
        .setCommandId(id)
        .setState(Words.CommandOutcome.FAILED)
        .setResult(Structs.ofMap(Map.of("error", text)))
        .build();
  }
}
