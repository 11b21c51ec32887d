/** The one type of error of this client. */
import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "./gen/google/rpc/error_details_pb.js";

const DOMAIN = "iotflow";
const CANCELLED_STREAM = /^http\/2 stream closed with error code CANCEL\b/;
/** Errors of connect about the connection or the form of an answer. */
const LOCAL_MESSAGE = /^(protocol error|missing|http\/2 stream closed|PING timed out|unsupported content type)/;
const FULL_STOP = /\.$/;
const HTTP_STATUS = /^HTTP \d+$/;
const ADVICE = "Check the host, the port, and whether the server expects TLS or a certificate of the client.";
const ADVICE_ON_PAGES = "Check whether a proxy or a captive portal answers, and the version of the server.";
const LONGEST_RETRY_SECONDS = 3600;
/** The error of connect about an answer that it does not take. */
const TOO_LARGE = /larger than configured readMaxBytes/;
/** The reason of an answer beyond the limit of this client. */
export const ANSWER_TOO_LARGE = "ANSWER_TOO_LARGE";

/** The name of a gRPC status. */
export type StatusName =
  | "CANCELLED"
  | "UNKNOWN"
  | "INVALID_ARGUMENT"
  | "DEADLINE_EXCEEDED"
  | "NOT_FOUND"
  | "ALREADY_EXISTS"
  | "PERMISSION_DENIED"
  | "RESOURCE_EXHAUSTED"
  | "FAILED_PRECONDITION"
  | "ABORTED"
  | "OUT_OF_RANGE"
  | "UNIMPLEMENTED"
  | "INTERNAL"
  | "UNAVAILABLE"
  | "DATA_LOSS"
  | "UNAUTHENTICATED";

const NAMES: Record<Code, StatusName> = {
  [Code.Canceled]: "CANCELLED",
  [Code.Unknown]: "UNKNOWN",
  [Code.InvalidArgument]: "INVALID_ARGUMENT",
  [Code.DeadlineExceeded]: "DEADLINE_EXCEEDED",
  [Code.NotFound]: "NOT_FOUND",
  [Code.AlreadyExists]: "ALREADY_EXISTS",
  [Code.PermissionDenied]: "PERMISSION_DENIED",
  [Code.ResourceExhausted]: "RESOURCE_EXHAUSTED",
  [Code.FailedPrecondition]: "FAILED_PRECONDITION",
  [Code.Aborted]: "ABORTED",
  [Code.OutOfRange]: "OUT_OF_RANGE",
  [Code.Unimplemented]: "UNIMPLEMENTED",
  [Code.Internal]: "INTERNAL",
  [Code.Unavailable]: "UNAVAILABLE",
  [Code.DataLoss]: "DATA_LOSS",
  [Code.Unauthenticated]: "UNAUTHENTICATED",
};

/** A status without details of the server comes from the connection or a proxy, so the request may be sent again. */
const TRANSIENT: ReadonlySet<StatusName> = new Set([
  "UNAVAILABLE",
  "INTERNAL",
  "UNKNOWN",
  "CANCELLED",
  "ABORTED",
  "DEADLINE_EXCEEDED",
]);

/** What becomes of the HTTP statuses 401, 403 and 404. The service gives a reason with them. */
const STATUSES_OF_PAGES: ReadonlySet<StatusName> = new Set(["UNAUTHENTICATED", "PERMISSION_DENIED", "UNIMPLEMENTED"]);

/** Facts about an error; absent ones have their defaults. */
export interface ErrorFacts {
  readonly reason?: string;
  readonly field?: string;
  readonly retryable?: boolean;
  readonly retryAfter?: number | undefined;
  readonly requestId?: string;
}

/** A call that failed, at the server or in this client. */
export class ServerError extends Error {
  override readonly name = "ServerError";
  /** The gRPC status. */
  readonly code: StatusName;
  /** A word for programs, for example `WRONG_KEY`. Empty if the error is not the server's. */
  readonly reason: string;
  /** The invalid field of the request, or empty. */
  readonly field: string;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;
  /** Seconds to wait before a retry. */
  readonly retryAfter: number | undefined;
  /** The `x-request-id` of the answer, or empty. */
  readonly requestId: string;

  constructor(code: StatusName, message: string, facts: ErrorFacts = {}) {
    super(message);
    this.code = code;
    this.reason = facts.reason ?? "";
    this.field = facts.field ?? "";
    this.retryable = facts.retryable ?? TRANSIENT.has(code);
    this.retryAfter = facts.retryAfter;
    this.requestId = facts.requestId ?? "";
  }

  /** The same error with another sentence in its message. */
  with(sentence: string): ServerError {
    return new ServerError(this.code, `${this.message} ${sentence}`, this);
  }
}

/** The call that failed. */
export interface FailedCall {
  /** The server's name in errors of the connection. */
  readonly server?: string;
  /** Whether the caller has cancelled it. */
  readonly isCancelled?: boolean;
  /** Whether a part of the answer has come. */
  readonly isAnswered?: boolean;
}

/** The ServerError of anything that a call threw. */
export function serverError(thrown: unknown, call: FailedCall = {}): ServerError {
  if (thrown instanceof ServerError) return thrown;
  const error = ConnectError.from(thrown);
  // What the requests of a stream throw ends the stream, as the cause of its error.
  if (error.cause instanceof ServerError) return error.cause;
  if (isTooLarge(error)) return new ServerError("RESOURCE_EXHAUSTED", error.rawMessage, { reason: ANSWER_TOO_LARGE });
  if (isLocal(error, call)) return new ServerError("UNAVAILABLE", connectionFailed(error, call));
  const info = error.findDetails(ErrorInfoSchema).find(({ domain }) => domain === DOMAIN);
  const code = NAMES[error.code];
  return new ServerError(code, answerOf(error, call), {
    reason: info?.reason ?? "",
    field: info?.metadata["field"] || (error.findDetails(BadRequestSchema)[0]?.fieldViolations[0]?.field ?? ""),
    retryable: info ? info.metadata["retryable"] === "true" : TRANSIENT.has(code),
    retryAfter: retryAfter(error),
    // Headers and trailers may both have it.
    requestId: error.metadata.get("x-request-id")?.split(",")[0] ?? "",
  });
}

/**
 * The error of a stream that is opened again. These statuses without a reason are not the service's: the page of a proxy or
 * of a captive portal has become them. They say nothing about the key, and pass.
 */
export function streamError(thrown: unknown): ServerError {
  const error = serverError(thrown);
  const { code, reason, message, retryAfter, requestId } = error;
  if (reason || !STATUSES_OF_PAGES.has(code)) return error;
  const text = `${message.replace(FULL_STOP, "")} (${code} without a reason). ${ADVICE_ON_PAGES}`;
  return new ServerError("UNAVAILABLE", text, { retryAfter, requestId });
}

/**
 * Whether a stream that ended with the error is opened again. An answer that is too large tells nothing about what was sent, and a
 * new stream begins with less on the way.
 */
export function isInterruption({ retryable, reason }: ServerError): boolean {
  return retryable || reason === ANSWER_TOO_LARGE;
}

/** Whether this client has rejected the answer, in contrast to a status of the server. */
function isTooLarge({ metadata, rawMessage }: ConnectError): boolean {
  return !metadata.has("grpc-status") && TOO_LARGE.test(rawMessage);
}

/** What was answered: the message of a status, or that of HTTP. */
function answerOf({ rawMessage }: ConnectError, { server = "The server" }: FailedCall): string {
  return HTTP_STATUS.test(rawMessage)
    ? `${server} answered with ${rawMessage} in place of a status of gRPC.`
    : rawMessage;
}

/** A sentence with the cause, and what to check. */
function connectionFailed(error: ConnectError, { server = "the server", isAnswered }: FailedCall): string {
  const closed = `it was closed ${isAnswered ? "before the end of the answer" : "without an answer"}`;
  const cause = CANCELLED_STREAM.test(error.rawMessage) ? closed : causeOf(error).trim().replace(FULL_STOP, "");
  return `The connection to ${server} failed: ${cause}. ${ADVICE}`;
}

function causeOf({ rawMessage, cause }: ConnectError): string {
  // A name with several addresses: each has its own error.
  const each = rawMessage || !(cause instanceof AggregateError) ? [] : cause.errors;
  return each.map((error) => (error as Error).message).join(", ") || rawMessage;
}

/** Whether the connection failed, in contrast to an answer with a status. */
function isLocal(error: ConnectError, { isCancelled }: FailedCall): boolean {
  if (error.metadata.has("grpc-status") || error.code === Code.DeadlineExceeded) return false;
  // Node.js cancels the streams of a connection that the peer closes.
  if (error.code === Code.Canceled) return !isCancelled;
  // connect reports an answer that was cut off as a protocol error, with the status of an invalid request.
  return error.cause !== undefined || LOCAL_MESSAGE.test(error.rawMessage);
}

/** Seconds. What a server may ask for is bounded. */
function retryAfter(error: ConnectError): number | undefined {
  const delay = error.findDetails(RetryInfoSchema)[0]?.retryDelay;
  const header = error.metadata.get("retry-after") ?? "";
  // The header may also hold a date, which is ignored.
  if (!delay && !/^\d+$/.test(header)) return undefined;
  const seconds = delay ? Number(delay.seconds) + delay.nanos / 1e9 : Number(header);
  return seconds < 0 ? undefined : Math.min(seconds, LONGEST_RETRY_SECONDS);
}
