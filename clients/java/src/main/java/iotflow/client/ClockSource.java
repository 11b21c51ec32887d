package iotflow.client;

/** The clock that gives rows without a time their time. */
public enum ClockSource {
  /** The clock of this machine. */
  DEVICE,
  /** The {@link ServerClock}, for devices without a clock. */
  SERVER
}
