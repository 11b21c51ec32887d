package iotflow.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Metadata;
import io.grpc.Status;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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
    trailers.put(Details.KEY, status);
  }

  @Test
  void detailsOfServerAreRead() {
    byte[] retryable = Details.entry("retryable", "true");
    byte[] info = Details.info("RATE_LIMITED", retryable, Details.entry("field", "name"));
    putDetails(Details.message(info, Details.retryInfo(1, 500_000_000)));
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
  void fieldOfInvalidRequestIsRead() {
    putDetails(Details.violation("device_id"));
    assertEquals("device_id", error(Status.INVALID_ARGUMENT).field());
  }

  @Test
  void damagedDetailsLeaveTheStatus() {
    putDetails(new byte[] {0x1a, 0x7f});
    assertEquals(Status.Code.NOT_FOUND, error(Status.NOT_FOUND).code());
  }

  @ParameterizedTest
  @CsvSource({"2,2", "3600,3600", "86400,3600", "99999999999999999999,3600", "-5,0"})
  void retryAfterMayBeHeaderOfProxy(String seconds, long expected) {
    put("retry-after", seconds);
    assertEquals(Duration.ofSeconds(expected), error(Status.UNAVAILABLE).retryAfter());
  }

  @ParameterizedTest
  @CsvSource({
    "3599, 999999999, 3599999",
    "3600, 1, 3600000",
    "9223372036854775807, 999999999, 3600000",
    "-1, 0, 0",
    "0, -1, 0",
    "-9223372036854775808, -999999999, 0"
  })
  void retryAfterIsFromNothingToAnHour(long seconds, int nanos, long expected) {
    putDetails(Details.retryInfo(seconds, nanos));
    assertEquals(expected, error(Status.UNAVAILABLE).retryAfter().toMillis());
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

  @ParameterizedTest
  @EnumSource(
      value = Status.Code.class,
      names = {"UNAUTHENTICATED", "PERMISSION_DENIED", "UNIMPLEMENTED"})
  void pagesInPlaceOfTheServiceAreUnavailable(Status.Code code) {
    put("retry-after", "7");
    IotflowException page = error(code.toStatus().withDescription("HTTP status code 404"));
    assertEquals(code, page.code());
    IotflowException followed = page.inFollowing();
    assertEquals(Status.Code.UNAVAILABLE, followed.code());
    assertTrue(followed.isRetryable());
    assertFalse(followed.wantsCredential());
    assertEquals(7, followed.retryAfter().getSeconds());
    assertTrue(followed.getMessage().contains("HTTP status code 404"));
    IotflowException own = IotflowException.of(Details.error(code, "WRONG_KEY", false));
    assertSame(own, own.inFollowing());
  }

  @Test
  void otherStatusesAreNotRetryable() {
    assertFalse(error(Status.RESOURCE_EXHAUSTED).isRetryable());
    assertFalse(error(Status.UNAUTHENTICATED).isRetryable());
  }
}
