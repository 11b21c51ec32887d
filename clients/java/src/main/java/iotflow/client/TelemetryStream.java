package iotflow.client;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import iotflow.v1.StreamTelemetryResponse;
import iotflow.v1.TelemetryServiceGrpc;
import java.io.IOException;
import java.time.Duration;

/** One stream of a writer: batches go out, acknowledgements come in. */
final class TelemetryStream extends ClientCall.Listener<StreamTelemetryResponse> {
  private static final MethodDescriptor<byte[], StreamTelemetryResponse> METHOD =
      EncodedBatches.method(TelemetryServiceGrpc.getStreamTelemetryMethod());

  /** Bounds the end of a stream of which everything is acknowledged. */
  private static final Duration END = Duration.ofSeconds(1);

  private final BatchQueue queue;
  private final WriterEvents events;
  private final Sender sender;
  private final QueueOwner owner;
  private final Credentials.Key key;
  private final ClientCall<byte[], StreamTelemetryResponse> call;
  private volatile IotflowException error;

  TelemetryStream(
      Connection connection,
      BatchQueue queue,
      WriterEvents events,
      Sender sender,
      QueueOwner owner,
      Credentials.Key key) {
    this.queue = queue;
    this.events = events;
    this.sender = sender;
    this.owner = owner;
    this.key = key;
    call = connection.newCall(METHOD, CallOptions.DEFAULT.withOption(Credentials.KEY, key));
  }

  /**
   * Sends until the stream ends, and returns its error. When the writer ends, it ends the stream.
   */
  IotflowException run() {
    queue.rewind();
    owner.begin(key, queue.nextSequence() - 1);
    try {
      call.start(this, new Metadata());
      call.request(1);
      sendBatches();
      if (error == null && !sender.isCancelling()) {
        call.halfClose();
        queue.pause(Deadline.in(END), () -> error != null);
      }
    } finally {
      call.cancel("The writer has ended the stream.", null);
    }
    return error;
  }

  private void sendBatches() {
    for (QueueEntry next = next(); next != null; next = next()) {
      byte[] payload = read(next);
      if (payload != null) {
        admit(next, payload);
        call.sendMessage(payload);
      }
    }
  }

  private void admit(QueueEntry entry, byte[] payload) {
    if (!owner.mustAsk(payload)) {
      return;
    }
    try {
      owner.ask(key, entry.sequence);
    } catch (IotflowException failure) {
      // No batch was sent that could be blamed for it.
      queue.rewind();
      throw failure;
    }
  }

  private QueueEntry next() {
    return queue.next(call::isReady, () -> error != null || sender.isEnding());
  }

  /** Returns null where the disk does not return what was written. */
  private byte[] read(QueueEntry entry) {
    if (entry.payload != null) {
      return entry.payload;
    }
    try {
      return entry.segment.read(entry);
    } catch (IOException damage) {
      if (!sender.isEnding()) {
        queue.remove(entry);
        events.dropped(entry.rows, Dropped.DAMAGED);
      }
      return null;
    }
  }

  @Override
  public void onReady() {
    queue.wake();
  }

  @Override
  public void onMessage(StreamTelemetryResponse answer) {
    answer.getRejectedList().forEach(events::rejected);
    sender.acknowledged(answer.getCommittedSequence(), key);
    call.request(1);
  }

  @Override
  public void onClose(Status status, Metadata trailers) {
    error =
        status.isOk()
            ? IotflowException.streamEnded()
            : new IotflowException(ErrorFacts.of(status, trailers), null);
    queue.wake();
  }
}
