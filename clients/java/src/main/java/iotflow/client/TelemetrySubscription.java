package iotflow.client;

import io.grpc.Context;
import iotflow.v1.LivePresence;
import iotflow.v1.StreamError;
import iotflow.v1.SubscribeTelemetryRequest;
import iotflow.v1.SubscribeTelemetryResponse;
import iotflow.v1.TelemetryServiceGrpc;
import java.time.Instant;
import java.util.Iterator;

/** Reads streams of stored readings, and remembers where the next one continues. */
final class TelemetrySubscription implements Following.Stream {
  private final TelemetryServiceGrpc.TelemetryServiceBlockingStub stub;
  private final Query query;
  private final SubscriptionListener listener;
  private final Handlers handlers;
  private boolean subscribed;

  /** The newest time that was delivered, or where the first stream began. */
  private Instant newest;

  private boolean delivered;

  TelemetrySubscription(
      Connection connection, Query query, SubscriptionListener listener, Handlers handlers) {
    stub = TelemetryServiceGrpc.newBlockingStub(connection);
    this.query = query;
    this.listener = listener;
    this.handlers = handlers;
  }

  @Override
  public void read(Runnable received) {
    subscribed = false;
    Iterator<SubscribeTelemetryResponse> events = stub.subscribeTelemetry(request());
    while (events.hasNext()) {
      SubscribeTelemetryResponse event = events.next();
      received.run();
      if (!Context.current().isCancelled()) {
        take(event);
      }
    }
  }

  private SubscribeTelemetryRequest request() {
    return SubscribeTelemetryRequest.newBuilder()
        .addAllDeviceIds(query.deviceIds)
        .addAllFields(query.fields)
        .setSince(Times.word(newest == null ? query.start : newest))
        .setColumnar(true)
        .build();
  }

  private void take(SubscribeTelemetryResponse event) {
    switch (event.getEventCase()) {
      case BATCH:
        takeReadings(ColumnReader.read(event.getBatch()));
        break;
      case HEARTBEAT:
        takeHeartbeat(Times.instant(event.getHeartbeat().getTimestamp()));
        break;
      case DROPPED:
        long missed = event.getDropped().getReadings();
        handlers.call("onMissed", () -> listener.onMissed(missed));
        break;
      case PRESENCE:
        takePresence(event.getPresence());
        break;
      case ERROR:
        StreamError error = event.getError();
        throw IotflowException.ofStream(
            error.getReason(), error.getMessage(), error.getRetryable());
      default:
        break;
    }
  }

  private void takeReadings(Columns readings) {
    for (int row = 0; row < readings.rows(); row++) {
      Instant time = Instant.ofEpochMilli(readings.time(row));
      if (!delivered || time.isAfter(newest)) {
        newest = time;
        delivered = true;
      }
    }
    handlers.call("onReadings", () -> listener.onReadings(readings));
  }

  private void takePresence(LivePresence event) {
    Instant time = Times.instant(event.getTimestamp());
    handlers.call(
        "onPresence", () -> listener.onPresence(event.getDeviceId(), event.getOnline(), time));
  }

  private void takeHeartbeat(Instant time) {
    if (subscribed) {
      return;
    }
    subscribed = true;
    if (newest == null && query.start == null) {
      // A break before the first reading continues here.
      newest = time;
    }
    handlers.call("onSubscribed", () -> listener.onSubscribed(time));
  }
}
