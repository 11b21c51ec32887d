package iotflow.client;

import com.google.protobuf.Timestamp;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import iotflow.v1.Command;
import iotflow.v1.CommandReceipt;
import iotflow.v1.DesiredConfig;
import iotflow.v1.Device;
import iotflow.v1.DeviceServiceGrpc;
import iotflow.v1.RegisterDeviceRequest;
import iotflow.v1.RegisterDeviceResponse;
import iotflow.v1.RotateApiKeyRequest;
import iotflow.v1.RotateApiKeyResponse;
import iotflow.v1.SendHeartbeatRequest;
import iotflow.v1.SendHeartbeatResponse;
import iotflow.v1.StreamCommandsRequest;
import iotflow.v1.StreamCommandsResponse;
import iotflow.v1.WatchConfigRequest;
import iotflow.v1.WatchConfigResponse;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** The calls of devices. */
final class TestDevices extends DeviceServiceGrpc.DeviceServiceImplBase {
  /** The devices of keys. Others are of device 1. */
  final Map<String, Integer> ids = new ConcurrentHashMap<>();

  /** Those of the registered devices. */
  final List<String> names = new CopyOnWriteArrayList<>();

  final AtomicInteger heartbeats = new AtomicInteger();

  /** What the next stream delivers. One without id divides it from what a later one delivers. */
  final Queue<Command> commands = new ConcurrentLinkedQueue<>();

  final BlockingQueue<StreamCommandsRequest> results = new LinkedBlockingQueue<>();

  /** The reason of other receipts. */
  volatile String rejection = "";

  /** The receipts of so many results are retryable, and then the stream ends. */
  final AtomicInteger retryable = new AtomicInteger();

  /** What heartbeats are answered. */
  volatile String message = "";

  /** Ends each heartbeat, where it is not null. */
  volatile StatusRuntimeException failure;

  private final TestServer server;

  TestDevices(TestServer server) {
    this.server = server;
  }

  @Override
  public void registerDevice(
      RegisterDeviceRequest request, StreamObserver<RegisterDeviceResponse> answers) {
    if (names.contains(request.getName())) {
      answers.onError(Details.error(Status.Code.ALREADY_EXISTS, "NAME_TAKEN", false));
      return;
    }
    names.add(request.getName());
    server.key = "first";
    Device device = Device.newBuilder().setId(1).setApiKey(server.key).build();
    answer(answers, RegisterDeviceResponse.newBuilder().setDevice(device).build());
  }

  @Override
  public void rotateApiKey(
      RotateApiKeyRequest request, StreamObserver<RotateApiKeyResponse> answers) {
    server.key = "second";
    answer(answers, RotateApiKeyResponse.newBuilder().setApiKey(server.key).build());
  }

  @Override
  public void sendHeartbeat(
      SendHeartbeatRequest request, StreamObserver<SendHeartbeatResponse> answers) {
    Timestamp now =
        Timestamp.newBuilder()
            .setSeconds(server.time / 1000)
            .setNanos((int) (server.time % 1000) * 1_000_000)
            .build();
    heartbeats.incrementAndGet();
    if (failure != null) {
      answers.onError(failure);
      return;
    }
    String caller = TestServer.CALLER.get();
    int id = caller == null ? 1 : ids.getOrDefault(caller, 1);
    answer(
        answers,
        SendHeartbeatResponse.newBuilder()
            .setTimestamp(now)
            .setDeviceId(id)
            .setMessage(message)
            .build());
  }

  @Override
  public void watchConfig(WatchConfigRequest request, StreamObserver<WatchConfigResponse> answers) {
    DesiredConfig config =
        DesiredConfig.newBuilder()
            .setDesiredVersion(7)
            .setDesired(Structs.ofMap(Map.of("interval", 10)))
            .build();
    answers.onNext(WatchConfigResponse.newBuilder().setConfig(config).build());
  }

  @Override
  public StreamObserver<StreamCommandsRequest> streamCommands(
      StreamObserver<StreamCommandsResponse> answers) {
    for (Command next = commands.poll(); next != null && next.getId() > 0; next = commands.poll()) {
      answers.onNext(StreamCommandsResponse.newBuilder().setCommand(next).build());
    }
    return new Answering<>(answers) {
      @Override
      public void onNext(StreamCommandsRequest result) {
        results.add(result);
        boolean isRetryable = retryable.get() > 0;
        CommandReceipt.Builder receipt =
            CommandReceipt.newBuilder()
                .setCommandId(result.getCommandId())
                .setState(result.getState())
                .setReason(isRetryable ? "LATER" : rejection)
                .setMessage("It is " + rejection + ".")
                .setRetryable(isRetryable);
        answers.onNext(StreamCommandsResponse.newBuilder().setReceipt(receipt).build());
        if (isRetryable && retryable.decrementAndGet() == 0) {
          answers.onCompleted();
        }
      }
    };
  }

  /** Answers each message of a stream, and ends when the client does. */
  abstract static class Answering<Q> implements StreamObserver<Q> {
    private final StreamObserver<?> answers;

    Answering(StreamObserver<?> answers) {
      this.answers = answers;
    }

    @Override
    public void onError(Throwable error) {}

    @Override
    public void onCompleted() {
      answers.onCompleted();
    }
  }

  static <A> void answer(StreamObserver<A> answers, A answer) {
    answers.onNext(answer);
    answers.onCompleted();
  }
}
