package iotflow.client;

import com.google.protobuf.Timestamp;
import java.time.Instant;

/** Times in messages of the contract. */
final class Times {
  /** The years 1 to 9999, which a Timestamp can have, so no other one overflows. */
  private static final long EARLIEST = -62_135_596_800L;

  private static final long LATEST = 253_402_300_799L;

  private Times() {}

  static Instant instant(Timestamp time) {
    long seconds = Math.max(EARLIEST, Math.min(time.getSeconds(), LATEST));
    return Instant.ofEpochSecond(seconds, time.getNanos());
  }

  /** Writes a time of a request. null is left out. */
  static String word(Instant time) {
    return time == null ? "" : time.toString();
  }
}
