/** The one type of error of this client. */
import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "./gen/google/rpc/error_details_pb.js";

const DOMAIN = "iotflow";
const CANCELLED_STREAM = /^http\/2 stream closed with error code CANCEL\b/;
const ADVICE = "Check the host, the port, and whether the server expects TLS or a certificate of the client.";

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
}

/** The ServerError of anything that a call threw. server: its name in errors of the connection. */
export function serverError(thrown: unknown, server = "the server"): ServerError {
  if (thrown instanceof ServerError) return thrown;
  const error = ConnectError.from(thrown);
  if (isLocal(error)) return new ServerError("UNAVAILABLE", connectionFailed(error.rawMessage.trim(), server));
  const info = error.findDetails(ErrorInfoSchema)[0];
  const isServers = info?.domain === DOMAIN;
  const code = NAMES[error.code];
  return new ServerError(code, error.rawMessage, {
    reason: info?.reason ?? "",
    field: info?.metadata["field"] || (error.findDetails(BadRequestSchema)[0]?.fieldViolations[0]?.field ?? ""),
    retryable: isServers ? info.metadata["retryable"] === "true" : TRANSIENT.has(code),
    retryAfter: retryAfter(error),
    // Headers and trailers may both have it.
    requestId: error.metadata.get("x-request-id")?.split(",")[0] ?? "",
  });
}

/** A sentence with the cause, and what to check. */
function connectionFailed(cause: string, server: string): string {
  const plain = CANCELLED_STREAM.test(cause) ? "it was closed without an answer" : cause;
  return `The connection to ${server} failed: ${plain}. ${ADVICE}`;
}

/** Whether the connection failed, in contrast to an answer with a status. */
function isLocal(error: ConnectError): boolean {
  // Node.js cancels the streams of a connection that the peer closes, so this is not the caller's cancellation.
  if (CANCELLED_STREAM.test(error.rawMessage)) return true;
  if (error.code === Code.DeadlineExceeded || error.code === Code.Canceled) return false;
  // connect reports an answer that was cut off as a protocol error, with the status of an invalid request.
  return error.cause !== undefined || /^(protocol error|missing|http\/2 stream closed)/.test(error.rawMessage);
}

function retryAfter(error: ConnectError): number | undefined {
  const delay = error.findDetails(RetryInfoSchema)[0]?.retryDelay;
  if (delay) return Math.max(Number(delay.seconds) + delay.nanos / 1e9, 0);
  const header = error.metadata.get("retry-after") ?? "";
  // The header may also hold a date, which is ignored.
  return /^\d+$/.test(header) ? Number(header) : undefined;
}
