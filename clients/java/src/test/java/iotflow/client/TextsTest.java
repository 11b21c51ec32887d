package iotflow.client;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.grpc.Status;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a program sees that prints what it got. */
@Timeout(60)
class TextsTest {
  @Test
  void statusOfWriter() throws IOException, InterruptedException {
    try (TestServer server = new TestServer();
        IotflowClient client = server.client();
        TelemetryWriter writer = client.newWriter(new WriterOptions())) {
      writer.add(Row.of("level", 1));
      writer.flush();
      assertEquals(
          "0 rows queued (0 bytes), 1 acknowledged, 0 rejected, 0 dropped, 0 interruptions",
          writer.status().toString());
    }
  }

  @Test
  void interruption() {
    IotflowException error =
        IotflowException.of(Status.UNAVAILABLE.withDescription("away").asRuntimeException());
    assertEquals(
        "IotflowException: away (UNAVAILABLE), again in 200 ms",
        new Interruption(error, Duration.ofMillis(200)).toString());
  }

  @Test
  void droppedRows() {
    assertEquals("3 rows dropped: QUEUE_FULL", new Dropped(3, Dropped.QUEUE_FULL).toString());
  }

  @Test
  void readings() {
    assertEquals(
        "1970-01-01T00:00:01Z {level=2.0}",
        Point.of(Structs.ofMap(Map.of("timestamp", 1000, "level", 2))).toString());
  }
}
