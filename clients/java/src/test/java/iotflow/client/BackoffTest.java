package iotflow.client;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class BackoffTest {
  @Test
  void pausesDoubleUpToTheirLimitAndBeginAnew() {
    Backoff pauses = new Backoff();
    for (long longest : new long[] {200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000}) {
      assertBetween(longest / 2, longest, pauses.next(Duration.ZERO));
    }
    pauses.reset();
    assertBetween(5100, 5200, pauses.next(Duration.ofSeconds(5)));
  }

  private static void assertBetween(long shortest, long longest, Duration found) {
    assertTrue(found.toMillis() >= shortest && found.toMillis() <= longest, found.toString());
  }
}
