package iotflow.client;

import io.grpc.Metadata;
import io.grpc.Status;
import java.io.IOException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** What is known about an error while it is made. */
final class ErrorFacts {
  /** Statuses that, without the server's details, come from the connection or a proxy. */
  private static final Set<Status.Code> TRANSIENT =
      EnumSet.of(
          Status.Code.UNAVAILABLE,
          Status.Code.INTERNAL,
          Status.Code.UNKNOWN,
          Status.Code.CANCELLED,
          Status.Code.ABORTED,
          Status.Code.DEADLINE_EXCEEDED);

  private static final Metadata.Key<byte[]> DETAILS =
      Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);
  private static final Metadata.Key<String> REQUEST_ID = ascii("x-request-id");
  private static final Metadata.Key<String> RETRY_AFTER = ascii("retry-after");
  private static final Duration LONGEST_RETRY_AFTER = Duration.ofHours(1);

  /** The only sign of grpc-java that it rejected an answer itself. */
  private static final String TOO_LARGE = "gRPC message exceeds maximum size";

  /** With more digits, it is more than the longest wish. */
  private static final int DIGITS_OF_SECONDS = 9;

  final Status.Code code;
  final String message;
  String reason = "";
  String field = "";
  boolean retryable;
  Duration retryAfter = Duration.ZERO;
  String requestId = "";

  ErrorFacts(Status.Code code, String message) {
    this.code = code;
    this.message = message;
    retryable = TRANSIENT.contains(code);
  }

  static ErrorFacts of(Throwable error) {
    Metadata trailers = Status.trailersFromThrowable(error);
    return of(Status.fromThrowable(error), trailers == null ? new Metadata() : trailers);
  }

  /** The facts of a status with the metadata of the answer. */
  static ErrorFacts of(Status status, Metadata trailers) {
    ErrorFacts facts = new ErrorFacts(status.getCode(), describe(status));
    if (facts.code == Status.Code.RESOURCE_EXHAUSTED && facts.message.contains(TOO_LARGE)) {
      facts.reason = IotflowException.ANSWER_TOO_LARGE;
    }
    facts.readMetadata(trailers);
    byte[] details = trailers.get(DETAILS);
    if (details != null) {
      facts.readDetails(details);
    }
    return facts;
  }

  /** Adds what errors read from the headers of an answer to its trailers, which errors have. */
  static void addHeaders(Metadata trailers, Metadata headers) {
    for (Metadata.Key<String> key : List.of(REQUEST_ID, RETRY_AFTER)) {
      if (headers.containsKey(key) && !trailers.containsKey(key)) {
        trailers.put(key, headers.get(key));
      }
    }
  }

  /** The description of a status, or its cause. */
  static String describe(Status status) {
    if (status.getDescription() != null) {
      return status.getDescription();
    }
    Throwable cause = status.getCause();
    return cause == null ? status.getCode().name() : cause.toString();
  }

  /** Takes the server's wish how long to wait. It cannot stop a client for ever. */
  void setRetryAfter(long seconds, int nanos) {
    long longest = LONGEST_RETRY_AFTER.getSeconds();
    Duration wish = Duration.ofSeconds(Math.max(-1, Math.min(seconds, longest)), nanos);
    Duration atMost = wish.compareTo(LONGEST_RETRY_AFTER) < 0 ? wish : LONGEST_RETRY_AFTER;
    retryAfter = atMost.isNegative() ? Duration.ZERO : atMost;
  }

  private void readMetadata(Metadata metadata) {
    String id = metadata.get(REQUEST_ID);
    requestId = id == null ? requestId : id;
    String seconds = metadata.get(RETRY_AFTER);
    // The header may also contain a date, which is ignored.
    if (seconds != null && seconds.matches("\\d+")) {
      boolean isShort = seconds.length() <= DIGITS_OF_SECONDS;
      setRetryAfter(isShort ? Long.parseLong(seconds) : Long.MAX_VALUE, 0);
    }
  }

  private void readDetails(byte[] details) {
    try {
      ErrorDetails.read(details, this);
    } catch (IOException damaged) {
      // The status is known without its details.
    }
  }

  private static Metadata.Key<String> ascii(String name) {
    return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
  }
}
