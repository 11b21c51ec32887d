package iotflow.client;

import java.util.concurrent.CompletableFuture;

/**
 * Something that goes on until it is closed: it connects again after failures. Handlers are called
 * by one thread of its own, so a slow handler slows the server's stream.
 */
public interface Subscription extends AutoCloseable {
  /**
   * Completes when the subscription was closed, or fails with an {@link IotflowException} that no
   * retry mends.
   */
  CompletableFuture<Void> ended();

  /** Ends it. A handler that still runs is interrupted, and not waited for. */
  @Override
  void close();
}
