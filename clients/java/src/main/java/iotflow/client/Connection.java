package iotflow.client;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ForwardingClientCall;
import io.grpc.ForwardingClientCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.util.concurrent.ScheduledExecutorService;

/**
 * Adds credentials to calls, and connects again after a failure.
 *
 * <p>A channel of grpc-java that could not connect pauses by itself, and fails calls at once
 * meanwhile; and it keeps the certificates that it began with. Each connection therefore has a
 * channel of its own, and only this package decides about pauses.
 */
final class Connection extends Channel {
  private final ChannelFactory factory;
  private final Credentials credentials;
  private final ScheduledExecutorService timer;
  private ConnectionAttempt current;
  private boolean closed;

  Connection(ChannelFactory factory, Credentials credentials, ScheduledExecutorService timer) {
    this.factory = factory;
    this.credentials = credentials;
    this.timer = timer;
  }

  Credentials credentials() {
    return credentials;
  }

  @Override
  public <Q, A> ClientCall<Q, A> newCall(MethodDescriptor<Q, A> method, CallOptions options) {
    ConnectionAttempt attempt = open();
    // The channel begins to connect with the next statement, and may fail before the call starts.
    attempt.callBegins();
    ClientCall<Q, A> call = attempt.channel().newCall(method, options);
    return new ForwardingClientCall.SimpleForwardingClientCall<Q, A>(call) {
      @Override
      public void start(Listener<A> listener, Metadata headers) {
        credentials.attach(headers, options.getOption(Credentials.KEY));
        super.start(new CompleteErrors<>(listener, attempt), headers);
      }
    };
  }

  @Override
  public String authority() {
    return factory.target();
  }

  synchronized void close() {
    closed = true;
    if (current != null) {
      current.end();
    }
  }

  /**
   * Errors of a call have its trailers only, so what they need of its headers is added. Those of a
   * call without an answer get the cause of the connection.
   */
  private static final class CompleteErrors<A>
      extends ForwardingClientCallListener.SimpleForwardingClientCallListener<A> {
    private final ConnectionAttempt attempt;
    private Metadata headers = new Metadata();

    CompleteErrors(ClientCall.Listener<A> listener, ConnectionAttempt attempt) {
      super(listener);
      this.attempt = attempt;
    }

    @Override
    public void onHeaders(Metadata received) {
      headers = received;
      super.onHeaders(received);
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      boolean isAnswered = !headers.keys().isEmpty() || !trailers.keys().isEmpty();
      ErrorFacts.addHeaders(trailers, headers);
      attempt.callEnded();
      super.onClose(isAnswered ? status : attempt.explain(status), trailers);
    }
  }

  private synchronized ConnectionAttempt open() {
    if (closed) {
      throw IotflowException.precondition("", "The client is closed.", null);
    }
    if (current == null || current.isOver()) {
      current = new ConnectionAttempt(factory, timer);
    }
    return current;
  }
}
