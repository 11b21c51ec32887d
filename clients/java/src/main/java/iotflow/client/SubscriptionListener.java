package iotflow.client;

import java.time.Instant;

/** Receives readings as they are stored. What a method throws is logged, and ends nothing. */
public interface SubscriptionListener {
  /** Takes readings that were just stored. After a break, one at the boundary may come twice. */
  void onReadings(Columns readings);

  /** The server has accepted the subscription, at first and after each break. */
  default void onSubscribed(Instant serverTime) {}

  /** A device went online or offline. */
  default void onPresence(int deviceId, boolean online, Instant time) {}

  /** So many readings were lost because the caller was too slow. */
  default void onMissed(long readings) {}

  /** The subscription has broken, and is opened again after the pause. */
  default void onInterrupted(Interruption interruption) {}
}
