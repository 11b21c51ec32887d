package iotflow.client;

import com.google.protobuf.Struct;
import com.google.protobuf.Timestamp;
import com.google.protobuf.Value;
import io.grpc.InsecureServerCredentials;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.okhttp.OkHttpServerBuilder;
import io.grpc.stub.StreamObserver;
import iotflow.v1.Column;
import iotflow.v1.Command;
import iotflow.v1.CommandReceipt;
import iotflow.v1.DesiredConfig;
import iotflow.v1.Device;
import iotflow.v1.DeviceServiceGrpc;
import iotflow.v1.GetLatestTelemetryRequest;
import iotflow.v1.GetLatestTelemetryResponse;
import iotflow.v1.RegisterDeviceRequest;
import iotflow.v1.RegisterDeviceResponse;
import iotflow.v1.RotateApiKeyRequest;
import iotflow.v1.RotateApiKeyResponse;
import iotflow.v1.SendHeartbeatRequest;
import iotflow.v1.SendHeartbeatResponse;
import iotflow.v1.StreamCommandsRequest;
import iotflow.v1.StreamCommandsResponse;
import iotflow.v1.StreamTelemetryResponse;
import iotflow.v1.TelemetryBatch;
import iotflow.v1.TelemetryServiceGrpc;
import iotflow.v1.WatchConfigRequest;
import iotflow.v1.WatchConfigResponse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * Keeps batches in memory. It does what the tests of this package need; the conformance tests use
 * the real server.
 */
final class TestServer implements AutoCloseable {
  private static final Metadata.Key<String> API_KEY =
      Metadata.Key.of("x-api-key", Metadata.ASCII_STRING_MARSHALLER);

  /** Failures that end the next calls. */
  final Queue<StatusRuntimeException> failures = new ConcurrentLinkedQueue<>();

  final List<Command> commands = new ArrayList<>();
  final BlockingQueue<StreamCommandsRequest> results = new LinkedBlockingQueue<>();

  /** A measurement that ends a stream. */
  volatile String poison = "";

  volatile String key = "";
  volatile long time = System.currentTimeMillis();
  private final List<TelemetryBatch> batches = new ArrayList<>();
  private final Server server;

  TestServer() throws IOException {
    server =
        OkHttpServerBuilder.forPort(0, InsecureServerCredentials.create())
            .addService(ServerInterceptors.intercept(new Telemetry(), new Admission()))
            .addService(ServerInterceptors.intercept(new Devices(), new Admission()))
            .build()
            .start();
  }

  String target() {
    return "127.0.0.1:" + server.getPort();
  }

  IotflowClient client() {
    return new IotflowClient(target(), new ClientOptions());
  }

  synchronized List<TelemetryBatch> batches() {
    return new ArrayList<>(batches);
  }

  /** The times of all stored rows. */
  List<Long> times() {
    List<Long> times = new ArrayList<>();
    batches().forEach(batch -> times.addAll(batch.getTimestampsList()));
    return times;
  }

  @Override
  public void close() throws InterruptedException {
    server.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
  }

  private synchronized void store(TelemetryBatch batch) {
    for (Column column : batch.getColumnsList()) {
      if (column.getMeasurement().equals(poison)) {
        throw Status.INVALID_ARGUMENT.withDescription("The batch is invalid.").asRuntimeException();
      }
    }
    batches.add(batch);
  }

  private final class Admission implements ServerInterceptor {
    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
      StatusRuntimeException failure = failures.poll();
      if (failure == null && !key.isEmpty() && !key.equals(headers.get(API_KEY))) {
        failure = Status.UNAUTHENTICATED.withDescription("The key is wrong.").asRuntimeException();
      }
      if (failure == null) {
        return next.startCall(call, headers);
      }
      Metadata trailers = failure.getTrailers() == null ? new Metadata() : failure.getTrailers();
      call.close(failure.getStatus(), trailers);
      return new ServerCall.Listener<>() {};
    }
  }

  /** Answers each message of a stream, and ends when the client does. */
  private abstract static class Answering<Q> implements StreamObserver<Q> {
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

  private static <A> void answer(StreamObserver<A> answers, A answer) {
    answers.onNext(answer);
    answers.onCompleted();
  }

  private final class Telemetry extends TelemetryServiceGrpc.TelemetryServiceImplBase {
    @Override
    public StreamObserver<TelemetryBatch> streamTelemetry(
        StreamObserver<StreamTelemetryResponse> answers) {
      return new Answering<>(answers) {
        @Override
        public void onNext(TelemetryBatch batch) {
          try {
            store(batch);
            answers.onNext(
                StreamTelemetryResponse.newBuilder()
                    .setCommittedSequence(batch.getSequence())
                    .build());
          } catch (StatusRuntimeException failure) {
            answers.onError(failure);
          }
        }
      };
    }

    @Override
    public void getLatestTelemetry(
        GetLatestTelemetryRequest request, StreamObserver<GetLatestTelemetryResponse> answers) {
      Struct.Builder latest = Struct.newBuilder();
      for (TelemetryBatch batch : batches()) {
        for (Column column : batch.getColumnsList()) {
          double value = column.getDoubles(column.getDoublesCount() - 1);
          latest.putFields(
              column.getMeasurement(), Value.newBuilder().setNumberValue(value).build());
        }
      }
      answer(answers, GetLatestTelemetryResponse.newBuilder().setLatestData(latest).build());
    }
  }

  private final class Devices extends DeviceServiceGrpc.DeviceServiceImplBase {
    @Override
    public void registerDevice(
        RegisterDeviceRequest request, StreamObserver<RegisterDeviceResponse> answers) {
      key = "first";
      Device device = Device.newBuilder().setId(1).setApiKey(key).build();
      answer(answers, RegisterDeviceResponse.newBuilder().setDevice(device).build());
    }

    @Override
    public void rotateApiKey(
        RotateApiKeyRequest request, StreamObserver<RotateApiKeyResponse> answers) {
      key = "second";
      answer(answers, RotateApiKeyResponse.newBuilder().setApiKey(key).build());
    }

    @Override
    public void sendHeartbeat(
        SendHeartbeatRequest request, StreamObserver<SendHeartbeatResponse> answers) {
      Timestamp now =
          Timestamp.newBuilder()
              .setSeconds(time / 1000)
              .setNanos((int) (time % 1000) * 1_000_000)
              .build();
      answer(answers, SendHeartbeatResponse.newBuilder().setTimestamp(now).build());
    }

    @Override
    public void watchConfig(
        WatchConfigRequest request, StreamObserver<WatchConfigResponse> answers) {
      DesiredConfig config =
          DesiredConfig.newBuilder()
              .setDesiredVersion(7)
              .setDesired(Structs.ofMap(java.util.Map.of("interval", 10)))
              .build();
      answers.onNext(WatchConfigResponse.newBuilder().setConfig(config).build());
    }

    @Override
    public StreamObserver<StreamCommandsRequest> streamCommands(
        StreamObserver<StreamCommandsResponse> answers) {
      for (Command command : commands) {
        answers.onNext(StreamCommandsResponse.newBuilder().setCommand(command).build());
      }
      return new Answering<>(answers) {
        @Override
        public void onNext(StreamCommandsRequest result) {
          results.add(result);
          CommandReceipt.Builder receipt =
              CommandReceipt.newBuilder()
                  .setCommandId(result.getCommandId())
                  .setState(result.getState());
          answers.onNext(StreamCommandsResponse.newBuilder().setReceipt(receipt).build());
        }
      };
    }
  }
}
