package iotflow.client;

import java.time.Instant;
import java.util.Map;

/** A version of what a device shall be configured to. */
public final class DesiredConfig {
  private final int version;
  private final Map<String, Object> desired;
  private final Instant changedAt;

  DesiredConfig(iotflow.v1.DesiredConfig config) {
    version = config.getDesiredVersion();
    desired = Structs.toMap(config.getDesired());
    changedAt = Times.instant(config.getChangedAt());
  }

  /** Counts the versions of the device. */
  public int version() {
    return version;
  }

  /** Null, Booleans, Doubles, texts, lists and maps by name. */
  public Map<String, Object> desired() {
    return desired;
  }

  /** When the version was set. */
  public Instant changedAt() {
    return changedAt;
  }

  @Override
  public String toString() {
    return "version " + version + " " + desired;
  }
}
