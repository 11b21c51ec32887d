package iotflow.client;

import com.google.protobuf.CodedOutputStream;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** Makes the details of errors, as a {@code google.rpc.Status}. */
final class Details {
  static final Metadata.Key<byte[]> KEY =
      Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);

  private Details() {}

  /** An error of the service, which has a reason. */
  static StatusRuntimeException error(Status.Code code, String reason, boolean isRetryable) {
    return error(code, reason, isRetryable, 0);
  }

  /** retryAfter: in seconds; 0: none. */
  static StatusRuntimeException error(
      Status.Code code, String reason, boolean isRetryable, long retryAfter) {
    byte[] info = info(reason, entry("retryable", String.valueOf(isRetryable)));
    byte[] wish = retryAfter == 0 ? new byte[0] : retryInfo(retryAfter, 0);
    Metadata trailers = new Metadata();
    trailers.put(KEY, message(info, wish));
    return code.toStatus().withDescription("The call failed.").asRuntimeException(trailers);
  }

  static byte[] info(String reason, byte[]... entries) {
    return detail("ErrorInfo", text(1, reason), text(2, "iotflow"), message(entries));
  }

  static byte[] entry(String name, String value) {
    return bytes(3, message(text(1, name), text(2, value)));
  }

  static byte[] violation(String field) {
    return detail("BadRequest", bytes(1, message(text(1, field), text(2, "is invalid"))));
  }

  static byte[] retryInfo(long seconds, int nanos) {
    com.google.protobuf.Duration delay =
        com.google.protobuf.Duration.newBuilder().setSeconds(seconds).setNanos(nanos).build();
    return detail("RetryInfo", bytes(1, delay.toByteArray()));
  }

  static byte[] message(byte[]... fields) {
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    for (byte[] field : fields) {
      whole.writeBytes(field);
    }
    return whole.toByteArray();
  }

  private static byte[] detail(String type, byte[]... fields) {
    String url = "type.googleapis.com/google.rpc." + type;
    return bytes(3, message(text(1, url), bytes(2, message(fields))));
  }

  private static byte[] text(int field, String value) {
    return bytes(field, value.getBytes(StandardCharsets.UTF_8));
  }

  private static byte[] bytes(int field, byte[] value) {
    byte[] encoded = new byte[CodedOutputStream.computeByteArraySize(field, value)];
    try {
      CodedOutputStream.newInstance(encoded).writeByteArray(field, value);
    } catch (IOException impossible) {
      throw new AssertionError(impossible);
    }
    return encoded;
  }
}
