package iotflow.client;

import io.grpc.Status;
import java.io.IOException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;

/**
 * The error of every call of this package. {@link #of} makes one of an error of a generated stub.
 */
public final class IotflowException extends RuntimeException {
  /** The queue is full, and its policy is {@link QueuePolicy#REFUSE}. */
  public static final String QUEUE_FULL = "QUEUE_FULL";

  /** Another writer has the folder of the queue. */
  public static final String QUEUE_IN_USE = "QUEUE_IN_USE";

  /** The key is another device's than the one whose batches the folder of the queue has. */
  public static final String QUEUE_OF_ANOTHER_DEVICE = "QUEUE_OF_ANOTHER_DEVICE";

  /** An answer has more than 64 MiB. */
  public static final String ANSWER_TOO_LARGE = "ANSWER_TOO_LARGE";

  private static final long serialVersionUID = 1;
  private static final String KEY_REPLACED = "KEY_REPLACED";

  /** Statuses that gRPC makes of the pages of proxies and captive portals. */
  private static final Set<Status.Code> OF_PAGES =
      EnumSet.of(
          Status.Code.UNAUTHENTICATED, Status.Code.PERMISSION_DENIED, Status.Code.UNIMPLEMENTED);

  private final Status.Code code;
  private final String reason;
  private final String field;
  private final boolean retryable;
  private final Duration retryAfter;
  private final String requestId;

  IotflowException(ErrorFacts facts, Throwable cause) {
    super(facts.message, cause);
    code = facts.code;
    reason = facts.reason;
    field = facts.field;
    retryable = facts.retryable;
    retryAfter = facts.retryAfter;
    requestId = facts.requestId;
  }

  /** Returns the error of a call with the details that the server has sent. */
  public static IotflowException of(Throwable error) {
    return error instanceof IotflowException
        ? (IotflowException) error
        : new IotflowException(ErrorFacts.of(error), error);
  }

  static IotflowException invalid(String field, String message) {
    ErrorFacts facts = new ErrorFacts(Status.Code.INVALID_ARGUMENT, message);
    facts.field = field;
    return new IotflowException(facts, null);
  }

  static IotflowException precondition(String reason, String message, Throwable cause) {
    ErrorFacts facts = new ErrorFacts(Status.Code.FAILED_PRECONDITION, message);
    facts.reason = reason;
    return new IotflowException(facts, cause);
  }

  static IotflowException queueFull(String message) {
    ErrorFacts facts = new ErrorFacts(Status.Code.RESOURCE_EXHAUSTED, message);
    facts.reason = QUEUE_FULL;
    facts.retryable = true;
    return new IotflowException(facts, null);
  }

  static IotflowException deadlineExceeded() {
    return new IotflowException(
        new ErrorFacts(Status.Code.DEADLINE_EXCEEDED, "The deadline passed."), null);
  }

  /**
   * Names why a deadline passed: the error of the disk, and that of the last stream. null: there is
   * none.
   */
  IotflowException because(IOException disk, IotflowException interruption) {
    if (code != Status.Code.DEADLINE_EXCEEDED || disk == null && interruption == null) {
      return this;
    }
    String message = getMessage();
    if (disk != null) {
      message += " The disk does not take the queue: " + disk + ".";
    }
    if (interruption != null) {
      message +=
          " The last attempt failed: "
              + interruption.getMessage()
              + " ("
              + interruption.word()
              + ")";
    }
    return new IotflowException(
        new ErrorFacts(code, message), interruption == null ? disk : interruption);
  }

  /** Returns the error with another sentence in its message. */
  IotflowException with(String sentence) {
    return new IotflowException(facts(code, getMessage() + " " + sentence), getCause());
  }

  /** The error that a stream carries as a message. */
  static IotflowException ofStream(String reason, String message, boolean isRetryable) {
    ErrorFacts facts = new ErrorFacts(Status.Code.UNAVAILABLE, message);
    facts.reason = reason;
    facts.retryable = isRetryable;
    return new IotflowException(facts, null);
  }

  static IotflowException streamEnded() {
    return new IotflowException(
        new ErrorFacts(Status.Code.UNAVAILABLE, "The server ended the stream."), null);
  }

  /** The error of files of TLS that cannot be read, as while they are replaced. */
  static IotflowException unreadable(Exception cause) {
    String message = "The files of TLS cannot be read: " + cause.getMessage() + ".";
    return new IotflowException(new ErrorFacts(Status.Code.UNAVAILABLE, message), cause);
  }

  /** Makes the error of an interrupted thread, and keeps the thread interrupted. */
  static IotflowException interrupted(InterruptedException cause) {
    Thread.currentThread().interrupt();
    return new IotflowException(
        new ErrorFacts(Status.Code.CANCELLED, "The call was cancelled."), cause);
  }

  /** The gRPC status. */
  public Status.Code code() {
    return code;
  }

  /** A word for programs, such as {@code WRONG_KEY}. It is empty where the server gave none. */
  public String reason() {
    return reason;
  }

  /** The invalid field of the request, or an empty text. */
  public String field() {
    return field;
  }

  /** Whether the same request may succeed later. */
  public boolean isRetryable() {
    return retryable;
  }

  /** The server's wish how long to wait before a retry, of at most one hour; zero: none. */
  public Duration retryAfter() {
    return retryAfter;
  }

  /** Identifies the call in the server's log, or is empty. */
  public String requestId() {
    return requestId;
  }

  @Override
  public String toString() {
    return "IotflowException: " + getMessage() + " (" + word() + ")";
  }

  /** The reason, or the status where there is none. */
  String word() {
    return reason.isEmpty() ? code.name() : reason;
  }

  /**
   * Returns the error as what goes on after errors takes it. The service gives reasons, so one of
   * these statuses without a reason comes from something in between. An answer that is too large
   * tells nothing about what was sent, and a new stream begins with less on the way.
   */
  IotflowException inFollowing() {
    boolean isOfPage = reason.isEmpty() && OF_PAGES.contains(code);
    if (!isOfPage && !reason.equals(ANSWER_TOO_LARGE)) {
      return this;
    }
    ErrorFacts facts =
        isOfPage
            ? facts(
                Status.Code.UNAVAILABLE,
                "The answer does not come from the service: " + getMessage())
            : facts(code, getMessage());
    facts.retryable = true;
    return new IotflowException(facts, this);
  }

  private ErrorFacts facts(Status.Code otherCode, String message) {
    ErrorFacts facts = new ErrorFacts(otherCode, message);
    facts.reason = reason;
    facts.field = field;
    facts.retryable = retryable;
    facts.retryAfter = retryAfter;
    facts.requestId = requestId;
    return facts;
  }

  /** Whether a new key may help. */
  boolean wantsCredential() {
    return code == Status.Code.UNAUTHENTICATED
        || code == Status.Code.PERMISSION_DENIED && reason.equals(KEY_REPLACED);
  }

  /** Whether a stream may have ended because of a batch. */
  boolean blamesBatch() {
    return !retryable
        && (code == Status.Code.INVALID_ARGUMENT
            || code == Status.Code.OUT_OF_RANGE
            || code == Status.Code.RESOURCE_EXHAUSTED);
  }
}
