package iotflow.client;

import io.grpc.KnownLength;
import io.grpc.MethodDescriptor;
import java.io.ByteArrayInputStream;
import java.io.InputStream;

/** Sends batches that are encoded already. */
final class EncodedBatches implements MethodDescriptor.Marshaller<byte[]> {
  private EncodedBatches() {}

  static <A> MethodDescriptor<byte[], A> method(MethodDescriptor<?, A> method) {
    return method.toBuilder(new EncodedBatches(), method.getResponseMarshaller()).build();
  }

  @Override
  public InputStream stream(byte[] batch) {
    return new Batch(batch);
  }

  @Override
  public byte[] parse(InputStream stream) {
    throw new UnsupportedOperationException("A client sends batches only.");
  }

  private static final class Batch extends ByteArrayInputStream implements KnownLength {
    Batch(byte[] batch) {
      super(batch);
    }
  }
}
