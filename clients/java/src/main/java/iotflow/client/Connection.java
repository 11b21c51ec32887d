package iotflow.client;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ForwardingClientCall;
import io.grpc.ForwardingClientCallListener;
import io.grpc.ManagedChannel;
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
    ClientCall<Q, A> call = open().newCall(method, options);
    return new ForwardingClientCall.SimpleForwardingClientCall<Q, A>(call) {
      @Override
      public void start(Listener<A> listener, Metadata headers) {
        credentials.attach(headers);
        super.start(new HeadersInErrors<>(listener), headers);
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

  /** Errors of a call have its trailers only, so what they need of its headers is added. */
  private static final class HeadersInErrors<A>
      extends ForwardingClientCallListener.SimpleForwardingClientCallListener<A> {
    private Metadata headers = new Metadata();

    HeadersInErrors(ClientCall.Listener<A> listener) {
      super(listener);
    }

    @Override
    public void onHeaders(Metadata received) {
      headers = received;
      super.onHeaders(received);
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      ErrorFacts.addHeaders(trailers, headers);
      super.onClose(status, trailers);
    }
  }

  private synchronized ManagedChannel open() {
    if (closed) {
      throw IotflowException.precondition("", "The client is closed.", null);
    }
    if (current == null || current.isOver()) {
      current = new ConnectionAttempt(factory.make(), timer);
    }
    return current.channel();
  }
}
