package iotflow.client;

import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import iotflow.v1.DeviceServiceGrpc;
import iotflow.v1.StreamCommandsRequest;
import iotflow.v1.StreamCommandsResponse;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** Reads streams of commands: results go out, commands and receipts come in. */
final class CommandStream implements Following.Stream {
  private final DeviceServiceGrpc.DeviceServiceStub stub;
  private final CommandQueue commands;

  CommandStream(Connection connection, CommandQueue commands) {
    stub = DeviceServiceGrpc.newStub(connection);
    this.commands = commands;
  }

  @Override
  public void read(Runnable received) throws InterruptedException {
    Exchange exchange = new Exchange(received);
    commands.begin(exchange, () -> stub.streamCommands(exchange));
    try {
      exchange.ended.get();
    } catch (ExecutionException failure) {
      throw IotflowException.of(failure.getCause());
    } finally {
      commands.end(exchange);
    }
  }

  /** One stream. */
  final class Exchange
      implements ClientResponseObserver<StreamCommandsRequest, StreamCommandsResponse> {
    private final Runnable received;
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private ClientCallStreamObserver<StreamCommandsRequest> requests;

    Exchange(Runnable received) {
      this.received = received;
    }

    /** Sends a result. The server delivers a command again where its result did not arrive. */
    synchronized void send(StreamCommandsRequest result) {
      if (!ended.isDone()) {
        requests.onNext(result);
      }
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<StreamCommandsRequest> stream) {
      requests = stream;
    }

    @Override
    public void onNext(StreamCommandsResponse event) {
      received.run();
      if (event.hasCommand()) {
        commands.take(event.getCommand());
      } else if (event.hasReceipt() && !event.getReceipt().getReason().isEmpty()) {
        commands.takeRejection(event.getReceipt());
      }
    }

    @Override
    public void onError(Throwable error) {
      ended.completeExceptionally(error);
    }

    @Override
    public void onCompleted() {
      ended.complete(null);
    }
  }
}
