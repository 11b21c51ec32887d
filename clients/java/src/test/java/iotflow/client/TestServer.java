package iotflow.client;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import io.grpc.Context;
import io.grpc.Contexts;
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
import iotflow.v1.GetLatestTelemetryRequest;
import iotflow.v1.GetLatestTelemetryResponse;
import iotflow.v1.LiveDropped;
import iotflow.v1.LivePresence;
import iotflow.v1.Rejection;
import iotflow.v1.StreamHeartbeat;
import iotflow.v1.StreamTelemetryResponse;
import iotflow.v1.SubscribeTelemetryRequest;
import iotflow.v1.SubscribeTelemetryResponse;
import iotflow.v1.TelemetryBatch;
import iotflow.v1.TelemetryServiceGrpc;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Keeps batches in memory. It does what the tests of this package need; the conformance tests use
 * the real server.
 */
final class TestServer implements AutoCloseable {
  private static final Metadata.Key<String> API_KEY =
      Metadata.Key.of("x-api-key", Metadata.ASCII_STRING_MARSHALLER);

  static final Context.Key<String> CALLER = Context.key("caller");

  /** Failures that end the next calls. */
  final Queue<StatusRuntimeException> failures = new ConcurrentLinkedQueue<>();

  /** A measurement that ends a stream. */
  volatile String poison = "";

  /** The key that is accepted. Empty: each one is. */
  volatile String key = "";

  final TestDevices devices = new TestDevices(this);

  /** The number of streams of batches that began. */
  final Semaphore opened = new Semaphore(0);

  /** Whether batches are neither stored nor answered. */
  volatile boolean silent;

  /** What each answer to a batch rejects. */
  volatile Rejection rejection;

  volatile long time = System.currentTimeMillis();
  private final List<TelemetryBatch> batches = new ArrayList<>();
  private final Set<StreamObserver<?>> streams = ConcurrentHashMap.newKeySet();
  private final Server server;

  TestServer() throws IOException {
    server =
        OkHttpServerBuilder.forPort(0, InsecureServerCredentials.create())
            .addService(ServerInterceptors.intercept(new Telemetry(), new Admission()))
            .addService(ServerInterceptors.intercept(devices, new Admission()))
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

  /** Ends the streams of batches. */
  void breakStreams() {
    for (StreamObserver<?> stream : streams) {
      if (streams.remove(stream)) {
        stream.onError(Status.UNAVAILABLE.asRuntimeException());
      }
    }
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
        failure = Details.error(Status.Code.UNAUTHENTICATED, "WRONG_KEY", false);
      }
      if (failure == null) {
        Context context = Context.current().withValue(CALLER, headers.get(API_KEY));
        return Contexts.interceptCall(context, call, headers, next);
      }
      Metadata trailers = failure.getTrailers() == null ? new Metadata() : failure.getTrailers();
      call.close(failure.getStatus(), trailers);
      return new ServerCall.Listener<>() {};
    }
  }

  private final class Telemetry extends TelemetryServiceGrpc.TelemetryServiceImplBase {
    @Override
    public StreamObserver<TelemetryBatch> streamTelemetry(
        StreamObserver<StreamTelemetryResponse> answers) {
      streams.add(answers);
      opened.release();
      return new TestDevices.Answering<>(answers) {
        @Override
        public void onError(Throwable error) {
          streams.remove(answers);
        }

        @Override
        public void onCompleted() {
          if (streams.remove(answers)) {
            super.onCompleted();
          }
        }

        @Override
        public void onNext(TelemetryBatch batch) {
          if (silent) {
            return;
          }
          try {
            store(batch);
            StreamTelemetryResponse.Builder answer =
                StreamTelemetryResponse.newBuilder().setCommittedSequence(batch.getSequence());
            if (rejection != null) {
              answer.addRejected(rejection.toBuilder().setSequence(batch.getSequence()));
            }
            answers.onNext(answer.build());
          } catch (StatusRuntimeException failure) {
            answers.onError(failure);
          }
        }
      };
    }

    /** Sends one event of each kind. */
    @Override
    public void subscribeTelemetry(
        SubscribeTelemetryRequest request, StreamObserver<SubscribeTelemetryResponse> answers) {
      SubscribeTelemetryResponse.Builder event = SubscribeTelemetryResponse.newBuilder();
      answers.onNext(event.setHeartbeat(StreamHeartbeat.getDefaultInstance()).build());
      answers.onNext(event.setPresence(LivePresence.newBuilder().setDeviceId(1)).build());
      answers.onNext(event.setDropped(LiveDropped.newBuilder().setReadings(3)).build());
      answers.onNext(event.setBatch(TelemetryBatch.newBuilder().addTimestamps(1)).build());
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
      TestDevices.answer(
          answers, GetLatestTelemetryResponse.newBuilder().setLatestData(latest).build());
    }
  }
}
