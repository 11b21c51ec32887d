package iotflow.client;

import io.grpc.Context;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Runs one stream after the other until it is closed or an error is not retryable. */
final class Following implements Subscription, Runnable {
  /** Reads one stream to its end, and calls received with each message. */
  interface Stream {
    void read(Runnable received) throws InterruptedException;
  }

  private final String name;
  private final IotflowClient client;
  private final Stream stream;
  private final Consumer<Interruption> interrupted;
  private final Backoff pauses = new Backoff();
  private final Context.CancellableContext context = Context.ROOT.withCancellation();
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private final Thread thread;

  Following(String name, IotflowClient client, Stream stream, Consumer<Interruption> interrupted) {
    this.name = name;
    this.client = client;
    this.stream = stream;
    this.interrupted = interrupted;
    thread = Threads.start("iotflow-" + name, context.wrap(this));
  }

  @Override
  public CompletableFuture<Void> ended() {
    return ended;
  }

  @Override
  public void close() {
    context.cancel(null);
    thread.interrupt();
    ended.complete(null);
  }

  @Override
  public void run() {
    try {
      while (!context.isCancelled()) {
        int generation = client.connection().credentials().generation();
        recover(runOnce(generation).inFollowing(), generation);
      }
      ended.complete(null);
    } catch (InterruptedException interruption) {
      ended.complete(null);
    } catch (RuntimeException | Error failure) {
      ended.completeExceptionally(IotflowException.of(failure));
    }
  }

  private IotflowException runOnce(int generation) throws InterruptedException {
    try {
      stream.read(
          () -> {
            pauses.reset();
            client.connection().credentials().accepted(generation);
          });
      return IotflowException.streamEnded();
    } catch (IotflowException | StatusRuntimeException failure) {
      return IotflowException.of(failure);
    }
  }

  private void recover(IotflowException error, int generation) throws InterruptedException {
    if (context.isCancelled()) {
      return;
    }
    if (error.wantsCredential()) {
      if (!client.connection().credentials().renew(generation, error)) {
        throw error;
      }
      return;
    }
    if (!error.isRetryable()) {
      throw error;
    }
    Duration pause = pauses.next(error.retryAfter());
    report(new Interruption(error, pause));
    TimeUnit.NANOSECONDS.sleep(pause.toNanos());
  }

  private void report(Interruption interruption) {
    Handlers handlers = client.handlers();
    Metrics metrics = client.options().metrics;
    handlers.log(
        EventLog.Level.WARNING,
        "stream_interrupted",
        Map.of(
            "stream", name,
            "error", interruption.error().toString(),
            "pause", interruption.pause()));
    handlers.call("metrics", () -> metrics.interrupted(interruption.error(), interruption.pause()));
    handlers.call("onInterrupted", () -> interrupted.accept(interruption));
  }
}
