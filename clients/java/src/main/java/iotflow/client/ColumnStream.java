package iotflow.client;

import io.grpc.Context;
import io.grpc.StatusRuntimeException;
import iotflow.v1.ReadTelemetryResponse;
import java.util.Iterator;
import java.util.function.Supplier;

/**
 * Stored readings as columns, device by device, in the order of time. Close it where it is not read
 * to its end. A connection that breaks ends it with an error, never silently.
 */
public final class ColumnStream implements Iterator<Columns>, AutoCloseable {
  private final Context.CancellableContext context = Context.current().withCancellation();
  private final Iterator<ReadTelemetryResponse> answers;

  ColumnStream(Supplier<Iterator<ReadTelemetryResponse>> call) {
    Context before = context.attach();
    try {
      answers = call.get();
    } finally {
      context.detach(before);
    }
  }

  @Override
  public boolean hasNext() {
    try {
      return answers.hasNext();
    } catch (StatusRuntimeException failure) {
      throw IotflowException.of(failure);
    }
  }

  @Override
  public Columns next() {
    try {
      return ColumnReader.read(answers.next().getBatch());
    } catch (StatusRuntimeException failure) {
      throw IotflowException.of(failure);
    }
  }

  @Override
  public void close() {
    context.cancel(null);
  }
}
