package iotflow.client;

import io.grpc.Context;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Takes the server's time for a writer, and tries again after failures. */
final class ClockSynchronization implements Runnable {
  private static final long ATTEMPT_SECONDS = 15;

  private final ServerClock clock;
  private final BatchQueue queue;
  private final WriterState state;
  private final Intake intake;
  private final ScheduledExecutorService timer;

  ClockSynchronization(
      ServerClock clock,
      BatchQueue queue,
      WriterState state,
      Intake intake,
      ScheduledExecutorService timer) {
    this.clock = clock;
    this.queue = queue;
    this.state = state;
    this.intake = intake;
    this.timer = timer;
  }

  @Override
  public void run() {
    Backoff pauses = new Backoff();
    try {
      while (!state.isOver() && !clock.isKnown()) {
        attempt(pauses);
      }
      intake.releaseEarly();
    } catch (IotflowException end) {
      // The writer has ended, or its thread was interrupted.
    }
  }

  private void attempt(Backoff pauses) {
    try (Context.CancellableContext bounded =
        Context.current().withDeadlineAfter(ATTEMPT_SECONDS, TimeUnit.SECONDS, timer)) {
      bounded.run(clock::synchronize);
    } catch (IotflowException failure) {
      queue.pause(Deadline.in(pauses.next(failure.retryAfter())), state::isOver);
    }
  }
}
