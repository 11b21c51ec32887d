package iotflow.client;

import com.google.protobuf.Timestamp;
import java.time.Instant;

/** Times in messages of the contract. */
final class Times {
  private Times() {}

  static Instant instant(Timestamp time) {
    return Instant.ofEpochSecond(time.getSeconds(), time.getNanos());
  }

  /** Writes a time of a request. null is left out. */
  static String word(Instant time) {
    return time == null ? "" : time.toString();
  }
}
