package iotflow.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Duration;
import io.grpc.Metadata;
import io.grpc.Status;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class IotflowExceptionTest {
  private final Metadata trailers = new Metadata();

  private IotflowException error(Status status) {
    return IotflowException.of(status.asRuntimeException(trailers));
  }

  private void put(String name, String value) {
    trailers.put(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER), value);
  }

  private void putDetails(byte[] status) {
    Metadata.Key<byte[]> key =
        Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);
    trailers.put(key, status);
  }

  @Test
  void detailsOfServerAreRead() throws IOException {
    byte[] info =
        message(
            text(1, "RATE_LIMITED"),
            text(2, "iotflow"),
            entry("retryable", "true"),
            entry("field", "name"));
    Duration delay = Duration.newBuilder().setSeconds(1).setNanos(500_000_000).build();
    putDetails(
        message(
            detail("google.rpc.ErrorInfo", info),
            detail("google.rpc.RetryInfo", message(bytes(1, delay.toByteArray())))));
    put("x-request-id", "request-1");
    IotflowException error = error(Status.RESOURCE_EXHAUSTED.withDescription("Too many."));
    assertEquals(Status.Code.RESOURCE_EXHAUSTED, error.code());
    assertEquals("RATE_LIMITED", error.reason());
    assertEquals("name", error.field());
    assertEquals("Too many.", error.getMessage());
    assertEquals(1500, error.retryAfter().toMillis());
    assertEquals("request-1", error.requestId());
    assertTrue(error.isRetryable());
  }

  @Test
  void fieldOfInvalidRequestIsRead() throws IOException {
    byte[] violation = message(text(1, "device_id"), text(2, "must be positive"));
    putDetails(message(detail("google.rpc.BadRequest", message(bytes(1, violation)))));
    assertEquals("device_id", error(Status.INVALID_ARGUMENT).field());
  }

  @Test
  void damagedDetailsLeaveTheStatus() {
    putDetails(new byte[] {0x1a, 0x7f});
    assertEquals(Status.Code.NOT_FOUND, error(Status.NOT_FOUND).code());
  }

  @Test
  void retryAfterMayBeHeaderOfProxy() {
    put("retry-after", "2");
    assertEquals(2, error(Status.UNAVAILABLE).retryAfter().getSeconds());
  }

  @Test
  void dateInRetryAfterIsIgnored() {
    put("retry-after", "Fri, 31 Dec 1999 23:59:59 GMT");
    assertTrue(error(Status.UNAVAILABLE).retryAfter().isZero());
  }

  @ParameterizedTest
  @EnumSource(
      value = Status.Code.class,
      names = {"UNAVAILABLE", "INTERNAL", "UNKNOWN", "CANCELLED", "ABORTED", "DEADLINE_EXCEEDED"})
  void statusDecidesWithoutDetails(Status.Code code) {
    assertTrue(error(code.toStatus()).isRetryable());
  }

  @Test
  void otherStatusesAreNotRetryable() {
    assertFalse(error(Status.RESOURCE_EXHAUSTED).isRetryable());
    assertFalse(error(Status.UNAUTHENTICATED).isRetryable());
  }

  private static byte[] detail(String type, byte[] value) throws IOException {
    return bytes(3, message(text(1, "type.googleapis.com/" + type), bytes(2, value)));
  }

  private static byte[] entry(String name, String value) throws IOException {
    return bytes(3, message(text(1, name), text(2, value)));
  }

  private static byte[] text(int field, String value) throws IOException {
    return bytes(field, value.getBytes(java.nio.charset.StandardCharsets.UTF_8));
  }

  private static byte[] bytes(int field, byte[] value) throws IOException {
    byte[] encoded = new byte[CodedOutputStream.computeByteArraySize(field, value)];
    CodedOutputStream.newInstance(encoded).writeByteArray(field, value);
    return encoded;
  }

  private static byte[] message(byte[]... fields) throws IOException {
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    for (byte[] field : fields) {
      whole.write(field);
    }
    return whole.toByteArray();
  }
}
