package iotflow.client;

import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/** A channel for one connection: it is shut down when it could not connect, or has broken. */
final class ConnectionAttempt {
  /** Until when a connection must exist, with TLS and the first answer of the server. */
  static final int CONNECT_SECONDS = 10;

  private final ManagedChannel channel;
  private final ScheduledFuture<?> connecting;
  private volatile boolean wasReady;

  ConnectionAttempt(ManagedChannel channel, ScheduledExecutorService timer) {
    this.channel = channel;
    connecting = timer.schedule(this::giveUp, CONNECT_SECONDS, TimeUnit.SECONDS);
    observe();
  }

  ManagedChannel channel() {
    return channel;
  }

  /** Whether the next call needs another channel. */
  boolean isOver() {
    ConnectivityState state = channel.getState(false);
    return channel.isShutdown()
        || state == ConnectivityState.TRANSIENT_FAILURE
        || wasReady && state != ConnectivityState.READY;
  }

  /** Ends all calls. */
  void end() {
    connecting.cancel(false);
    channel.shutdownNow();
  }

  private void giveUp() {
    if (channel.getState(false) != ConnectivityState.READY) {
      channel.shutdownNow();
    }
  }

  private void observe() {
    ConnectivityState state = channel.getState(false);
    if (state == ConnectivityState.READY) {
      wasReady = true;
      connecting.cancel(false);
    }
    if (isOver()) {
      connecting.cancel(false);
      // Calls that still have an answer to come get it, or the error of the connection.
      channel.shutdown();
    } else {
      channel.notifyWhenStateChanged(state, this::observe);
    }
  }
}
