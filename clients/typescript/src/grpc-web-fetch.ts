/** fetch for gRPC-Web, which takes only answers of the service, and of a bounded size. */
import { LARGEST_ANSWER_BYTES } from "./connection.js";
import { ANSWER_TOO_LARGE, ServerError } from "./server-error.js";

/** Flags, and the length of the message with 32 bits. */
const HEADER_BYTES = 5;

/** As fetch(). Rejects with ServerError if something else answers, such as the page of a captive portal. */
export async function grpcWebFetch(...request: Parameters<typeof fetch>): Promise<Response> {
  const response = await fetch(...request);
  // The status of HTTP becomes one of gRPC.
  if (!response.ok || !response.body) return response;
  const type = response.headers.get("content-type");
  if (!type?.startsWith("application/grpc")) {
    throw new ServerError("UNAVAILABLE", `${response.url} answered with ${type ?? "no type"} in place of gRPC-Web.`);
  }
  const { status, statusText, headers } = response;
  return new Response(bounded(response.body), { status, statusText, headers });
}

/** The body, which ends with an error where a message is too large. */
function bounded(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  const messages = new MessageSizes();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await reader.read();
      if (done) return controller.close();
      messages.check(value);
      controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

/** Follows the sizes of messages in a body that comes in parts. */
class MessageSizes {
  readonly #header = new DataView(new ArrayBuffer(HEADER_BYTES));
  #headerBytes = 0;
  /** Bytes of the present message that have not come. */
  #rest = 0;

  /** Throws RESOURCE_EXHAUSTED at the beginning of a message that is too large. */
  check(part: Uint8Array): void {
    for (let at = 0; at < part.length; ) {
      const skipped = Math.min(this.#rest, part.length - at);
      this.#rest -= skipped;
      at += skipped;
      if (at < part.length) this.#takeHeader(part[at++] ?? 0);
    }
  }

  #takeHeader(byte: number): void {
    this.#header.setUint8(this.#headerBytes, byte);
    this.#headerBytes = (this.#headerBytes + 1) % HEADER_BYTES;
    if (this.#headerBytes > 0) return;
    this.#rest = this.#header.getUint32(1);
    if (this.#rest <= LARGEST_ANSWER_BYTES) return;
    throw new ServerError(
      "RESOURCE_EXHAUSTED",
      `An answer has ${this.#rest} bytes; ${LARGEST_ANSWER_BYTES} are the limit.`,
      { reason: ANSWER_TOO_LARGE },
    );
  }
}
