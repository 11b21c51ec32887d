package iotflow.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Timestamp;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Durations and times that the clock cannot count. */
@Timeout(60)
class DurationsTest {
  private static final Duration LONGEST = Duration.ofSeconds(Long.MAX_VALUE);
  private static final Duration SHORTEST = Duration.ofSeconds(Long.MIN_VALUE);

  private final BlockingQueue<Interruption> interruptions = new LinkedBlockingQueue<>();
  private TestServer server;

  @BeforeEach
  void start() throws IOException {
    server = new TestServer();
  }

  @AfterEach
  void stop() throws InterruptedException {
    server.close();
  }

  private static StatusRuntimeException wish(long seconds) {
    return Details.error(Status.Code.UNAVAILABLE, "STORE_UNAVAILABLE", true, seconds);
  }

  private long pauseMillis() throws InterruptedException {
    return interruptions.poll(20, TimeUnit.SECONDS).pause().toMillis();
  }

  private static void assertHour(long millis) {
    assertTrue(millis >= 3_600_000 && millis <= 3_600_200, millis + " ms");
  }

  @ParameterizedTest
  @ValueSource(longs = {86_400, Long.MAX_VALUE})
  void writerPausesForAnHourAtMost(long seconds) throws InterruptedException {
    server.failures.add(wish(seconds));
    try (IotflowClient client = server.client()) {
      TelemetryWriter writer =
          client.newWriter(new WriterOptions().onInterrupted(interruptions::add));
      assertHour(pauseMillis());
      writer.close();
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {86_400, Long.MAX_VALUE})
  void subscriptionPausesForAnHourAtMost(long seconds) throws InterruptedException {
    server.failures.add(wish(seconds));
    SubscriptionListener listener =
        new SubscriptionListener() {
          @Override
          public void onReadings(Columns readings) {}

          @Override
          public void onInterrupted(Interruption interruption) {
            interruptions.add(interruption);
          }
        };
    try (IotflowClient client = server.client();
        Subscription subscription = client.subscribe(Query.devices(1), listener)) {
      assertHour(pauseMillis());
      assertFalse(subscription.ended().isDone());
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {-5, Long.MIN_VALUE})
  void negativeWishIsNone(long seconds) throws InterruptedException {
    server.failures.add(wish(seconds));
    try (IotflowClient client = server.client();
        TelemetryWriter writer =
            client.newWriter(new WriterOptions().onInterrupted(interruptions::add))) {
      writer.add(Row.of("level", 1));
      writer.flush(LONGEST);
      assertTrue(pauseMillis() <= 200);
    }
  }

  @Test
  void durationsOfTheApplicationMayBeAnyLength() {
    WriterOptions options = new WriterOptions().batchAge(LONGEST);
    try (IotflowClient client = server.client()) {
      TelemetryWriter writer = client.newWriter(options);
      server.silent = true;
      writer.add(Row.of("level", 1));
      IotflowException late = assertThrows(IotflowException.class, () -> writer.flush(SHORTEST));
      assertEquals(Status.Code.DEADLINE_EXCEEDED, late.code());
      server.silent = false;
      server.breakStreams();
      writer.flush(LONGEST);
      writer.close(LONGEST);
    }
    assertEquals(1, server.times().size());
  }

  @ParameterizedTest
  @ValueSource(longs = {Long.MIN_VALUE, Long.MAX_VALUE})
  void timesOfTheServerAreBounded(long seconds) {
    Timestamp time = Timestamp.newBuilder().setSeconds(seconds).setNanos(999_999_999).build();
    assertEquals(seconds < 0, Times.instant(time).toEpochMilli() < 0);
  }
}
