package iotflow.client;

import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/** A channel for one connection: it is shut down when it could not connect, or has broken. */
final class ConnectionAttempt {
  /** Until when a connection must exist, with TLS and the first answer of the server. */
  static final int CONNECT_SECONDS = 10;

  private static final String ADVICE =
      "Check the host, the port, and whether the server expects TLS or a certificate of the"
          + " client.";

  /** Statuses that grpc-java gives to calls of a connection that could not be made. */
  private static final Set<Status.Code> OF_CONNECTIONS =
      EnumSet.of(Status.Code.UNAVAILABLE, Status.Code.INTERNAL, Status.Code.UNKNOWN);

  private final String target;
  private final ManagedChannel channel;
  private final ScheduledFuture<?> connecting;
  private volatile boolean wasReady;
  private volatile boolean tookTooLong;
  private boolean failed;
  private int calls;

  ConnectionAttempt(ChannelFactory factory, ScheduledExecutorService timer) {
    target = factory.target();
    channel = factory.make();
    connecting = timer.schedule(this::giveUp, CONNECT_SECONDS, TimeUnit.SECONDS);
    observe();
  }

  ManagedChannel channel() {
    return channel;
  }

  /** Whether the next call needs another channel. */
  synchronized boolean isOver() {
    ConnectivityState state = channel.getState(false);
    return failed
        || channel.isShutdown()
        || state == ConnectivityState.TRANSIENT_FAILURE
        || wasReady && state != ConnectivityState.READY;
  }

  /**
   * Returns the status of a call that got no answer. Where the connection could not be made, it is
   * UNAVAILABLE with the cause.
   */
  Status explain(Status status) {
    if (wasReady || !OF_CONNECTIONS.contains(status.getCode())) {
      return status;
    }
    String cause =
        tookTooLong
            ? "the server did not answer within " + CONNECT_SECONDS + " s"
            : ErrorFacts.describe(status);
    return Status.UNAVAILABLE
        .withDescription("The connection to " + target + " failed: " + cause + ". " + ADVICE)
        .withCause(status.getCause());
  }

  synchronized void callBegins() {
    calls++;
  }

  synchronized void callEnded() {
    calls--;
    shutDownUnused();
  }

  /** Ends all calls. */
  void end() {
    connecting.cancel(false);
    channel.shutdownNow();
  }

  private void giveUp() {
    if (channel.getState(false) != ConnectivityState.READY) {
      tookTooLong = true;
      channel.shutdownNow();
    }
  }

  /** A channel that is shut down earlier gives calls that begin no cause. */
  private void shutDownUnused() {
    if (failed && calls == 0) {
      channel.shutdown();
    }
  }

  private synchronized void observe() {
    ConnectivityState state = channel.getState(false);
    if (state == ConnectivityState.READY) {
      wasReady = true;
      connecting.cancel(false);
    }
    if (isOver()) {
      connecting.cancel(false);
      failed = true;
      // Calls that still have an answer to come get it, or the error of the connection.
      shutDownUnused();
    } else {
      channel.notifyWhenStateChanged(state, this::observe);
    }
  }
}
