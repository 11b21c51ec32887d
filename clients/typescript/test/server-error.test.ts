import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "../src/gen/google/rpc/error_details_pb.js";
import { serverError, streamError } from "../src/server-error.js";

test("an error of the server has its reason, field, pause and request id", () => {
  const details = [
    { desc: ErrorInfoSchema, value: { domain: "iotflow", reason: "RATE_LIMITED", metadata: { retryable: "true" } } },
    { desc: BadRequestSchema, value: { fieldViolations: [{ field: "page_size" }] } },
    { desc: RetryInfoSchema, value: { retryDelay: { seconds: 1n, nanos: 500_000_000 } } },
  ];
  const thrown = new ConnectError("Too fast.", Code.ResourceExhausted, { "x-request-id": "r1" }, details);
  const { code, reason, field, retryable, retryAfter, requestId, message } = serverError(thrown);
  assert.deepEqual(
    [code, reason, field, retryable, retryAfter, requestId, message],
    ["RESOURCE_EXHAUSTED", "RATE_LIMITED", "page_size", true, 1.5, "r1", "Too fast."],
  );
});

const WITHOUT_DETAILS: readonly [Code, string, boolean][] = [
  [Code.Unavailable, "UNAVAILABLE", true],
  [Code.Internal, "INTERNAL", true],
  [Code.Unknown, "UNKNOWN", true],
  [Code.Canceled, "CANCELLED", true],
  [Code.Aborted, "ABORTED", true],
  [Code.DeadlineExceeded, "DEADLINE_EXCEEDED", true],
  [Code.ResourceExhausted, "RESOURCE_EXHAUSTED", false],
  [Code.InvalidArgument, "INVALID_ARGUMENT", false],
  [Code.Unauthenticated, "UNAUTHENTICATED", false],
];

for (const [code, name, retryable] of WITHOUT_DETAILS) {
  test(`${name} without details is${retryable ? "" : " not"} retryable`, () => {
    const error = serverError(new ConnectError("", code, { "grpc-status": String(code) }));
    assert.deepEqual([error.code, error.reason, error.retryable], [name, "", retryable]);
  });
}

test("a retry-after in seconds is taken, and a date is not", () => {
  const error = (header: string) => serverError(new ConnectError("", Code.Unavailable, { "retry-after": header }));
  assert.equal(error("7").retryAfter, 7);
  assert.equal(error("3601").retryAfter, 3600);
  assert.equal(error("9".repeat(400)).retryAfter, 3600);
  assert.equal(error("-7").retryAfter, undefined);
  assert.equal(error("Wed, 21 Oct 2026 07:28:00 GMT").retryAfter, undefined);
});

const DELAYS: readonly [bigint, number, number | undefined][] = [
  [0n, 500_000_000, 0.5],
  [3600n, 1, 3600],
  [9_223_372_036_854_775_807n, 0, 3600],
  [-1n, 0, undefined],
  [0n, -1, undefined],
  [-9_223_372_036_854_775_808n, 0, undefined],
];

for (const [seconds, nanos, expected] of DELAYS) {
  test(`a RetryInfo of ${seconds} s and ${nanos} ns is ${expected} s`, () => {
    const details = [{ desc: RetryInfoSchema, value: { retryDelay: { seconds, nanos } } }];
    const thrown = new ConnectError("", Code.Unavailable, undefined, details);
    assert.equal(serverError(thrown).retryAfter, expected);
  });
}

test("an answer that was cut off is an unavailable server, not an invalid request", () => {
  const { code, retryable } = serverError(
    new ConnectError("protocol error: incomplete envelope", Code.InvalidArgument),
  );
  assert.deepEqual([code, retryable], ["UNAVAILABLE", true]);
});

const TARGET = { server: "iot.example.com:50051" };
const CANCEL = "http/2 stream closed with error code CANCEL (0x8)";

/** What is thrown about a connection, and what the message names as the cause. */
const LOST: readonly [string, unknown, string][] = [
  [
    "a stream that a lost connection cancels",
    new ConnectError(CANCEL, Code.Canceled),
    "it was closed without an answer",
  ],
  ["an abortion by a library", aborted(), "This operation was aborted"],
  ["an error of Node.js", new Error("read ECONNRESET"), "read ECONNRESET"],
  ["a ping without an answer", new ConnectError("PING timed out", Code.Unavailable), "PING timed out"],
  [
    "a page",
    new ConnectError("unsupported content type text/html", Code.Unknown),
    "unsupported content type text/html",
  ],
  ["a cause with a full stop", new Error("No answer."), "No answer"],
  ["addresses that all refuse", new AggregateError([new Error("::1"), new Error("127.0.0.1")]), "::1, 127.0.0.1"],
];

for (const [name, thrown, cause] of LOST) {
  test(`${name} is an unavailable server, and the message names the target and the cause`, () => {
    const { code, retryable, message } = serverError(thrown, TARGET);
    assert.deepEqual([code, retryable], ["UNAVAILABLE", true]);
    assert.equal(message.split(". Check")[0], `The connection to ${TARGET.server} failed: ${cause}`);
  });
}

test("a stream that breaks off in its answer says so", () => {
  const { message } = serverError(new ConnectError(CANCEL, Code.Canceled), { ...TARGET, isAnswered: true });
  assert.match(message, /failed: it was closed before the end of the answer\./);
});

test("a caller's cancellation, and that of a server, are no lost connections", () => {
  assert.equal(serverError(aborted(), { isCancelled: true }).code, "CANCELLED");
  assert.equal(serverError(new ConnectError("", Code.Canceled, { "grpc-status": "1" })).code, "CANCELLED");
});

test("what the requests of a stream throw is its error", () => {
  const thrown = serverError(new ConnectError("full", Code.DataLoss));
  assert.equal(serverError(new ConnectError("full", Code.Internal, undefined, undefined, thrown)), thrown);
});

/** The HTTP statuses of pages, and what connect makes of them. */
const PAGES: readonly [number, Code][] = [
  [401, Code.Unauthenticated],
  [403, Code.PermissionDenied],
  [404, Code.Unimplemented],
];

for (const [status, code] of PAGES) {
  test(`a page with the status ${status} is an unavailable server for a stream, and names the server`, () => {
    const page = new ConnectError(`HTTP ${status}`, code, { "x-request-id": "r1", "retry-after": "3" });
    const error = streamError(serverError(page, TARGET));
    assert.deepEqual([error.code, error.reason, error.retryable], ["UNAVAILABLE", "", true]);
    assert.deepEqual([error.retryAfter, error.requestId], [3, "r1"]);
    assert.match(error.message, new RegExp(`${TARGET.server} answered with HTTP ${status}`));
  });

  test(`${Code[code]} with a reason of the service stays`, () => {
    const details = (domain: string) => [{ desc: ErrorInfoSchema, value: { domain, reason: "WHY" } }];
    const own = new ConnectError("no", code, undefined, details("iotflow"));
    assert.deepEqual([streamError(own).reason, streamError(own).retryable], ["WHY", false]);
    const other = new ConnectError("no", code, undefined, details("proxy.example"));
    assert.equal(streamError(other).code, "UNAVAILABLE");
  });
}

function aborted(): Error {
  return new DOMException("This operation was aborted", "AbortError");
}
