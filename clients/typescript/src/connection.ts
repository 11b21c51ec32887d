/** A connection to a server: the transport and the credentials of its calls. */
import type {
  DescMessage,
  DescMethodStreaming,
  DescMethodUnary,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import type { Transport } from "@connectrpc/connect";
import { Backoff } from "./backoff.js";
import { checkCredential } from "./credential.js";
import { handlerFailed, textOf } from "./handlers.js";
import { type ServerError, serverError } from "./server-error.js";
import { LONGEST_TIMER_MS, sleep } from "./waiting.js";

/**
 * Returns a new key after the server refused the present one, or nothing if there is none. It may take any time. While the
 * server accepts none of the answers, there are pauses between the calls, as between attempts to connect. If it fails, there is no
 * new key; the error is shown on the console, and named by that of the calls.
 */
export type CredentialHandler = (error: ServerError) => Promise<string | undefined>;

/** Size of one message of an answer, at most. */
export const LARGEST_ANSWER_BYTES = 64 * 1024 * 1024;

/** Who calls: a device with its key, or a gateway or person with a token. */
export interface Credentials {
  readonly apiKey?: string | undefined;
  readonly token?: string | undefined;
  readonly onCredentialWanted?: CredentialHandler | undefined;
}

/** Options of one call. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds after which the call fails with DEADLINE_EXCEEDED. Default: there is no deadline. */
  readonly timeoutMs?: number | undefined;
}

/** What differs between transports. */
export interface ConnectionTraits {
  /** Whether requests can be streams. Browsers send one message with each request. */
  readonly canStreamUp: boolean;
  /** Closes the connection. */
  readonly end?: (() => void) | undefined;
}

/** Where calls go. Functions of this package take it as their first argument. */
export class Connection {
  readonly transport: Transport;
  /** Whether requests can be streams. Browsers send one message with each request. */
  readonly canStreamUp: boolean;
  readonly #credentials: Credentials;
  readonly #server: string;
  readonly #end: () => void;
  readonly #token: string;
  #apiKey: string;
  /** The question for a key that has no answer yet. */
  #asking: Promise<boolean> | undefined;
  /** Whether the present key is an answer of the handler that the server has not accepted yet. */
  #isUnproven = false;
  /** Between questions, while the server accepts no answer. */
  readonly #pauses = new Backoff();
  readonly #closed = new AbortController();

  /** server: its name in errors. Throws INVALID_ARGUMENT if the key or the token has a form that none has. */
  constructor(transport: Transport, credentials: Credentials, server: string, traits: ConnectionTraits) {
    const { apiKey, token } = credentials;
    checkCredential("api_key", apiKey ?? "");
    checkCredential("token", token ?? "");
    this.transport = transport;
    this.canStreamUp = traits.canStreamUp;
    this.#credentials = credentials;
    this.#server = server;
    this.#apiKey = apiKey ?? "";
    this.#token = token ?? "";
    this.#end = traits.end ?? (() => undefined);
  }

  /** The key of the device that calls, or empty. */
  get apiKey(): string {
    return this.#apiKey;
  }

  /** Use this key from now on. Open streams keep theirs. Throws INVALID_ARGUMENT if no key has its form. */
  useKey(apiKey: string): void {
    checkCredential("api_key", apiKey);
    this.#apiKey = apiKey;
    this.#resetPauses();
  }

  /** The server accepts the key of a stream: the next question for another one comes without a pause. */
  accepted(usedKey: string): void {
    if (usedKey === this.#apiKey) this.#resetPauses();
  }

  /**
   * Asks the application for a new key and uses it. Returns whether there is one. Concurrent callers share one question.
   * Rejects with INVALID_ARGUMENT if no key has the form of the answer, and with the error if the handler fails.
   */
  renewKey(error: ServerError): Promise<boolean> {
    this.#asking ??= this.#ask(error).finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  /** Calls a method with one request and one answer. Throws ServerError. */
  async unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    options: CallOptions = {},
  ): Promise<MessageShape<O>> {
    try {
      const { signal, timeoutMs } = limited(options);
      return (await this.transport.unary(method, signal, timeoutMs, this.#headers(), request)).message;
    } catch (thrown) {
      throw this.#failure(thrown, options, false);
    }
  }

  /** Calls a streaming method. The iterator throws ServerError. */
  async *stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodStreaming<I, O>,
    requests: AsyncIterable<MessageInitShape<I>>,
    options: CallOptions = {},
  ): AsyncGenerator<MessageShape<O>, void> {
    let isAnswered = false;
    try {
      const { signal, timeoutMs } = limited(options);
      const answer = await this.transport.stream(method, signal, timeoutMs, this.#headers(), requests);
      isAnswered = true;
      yield* answer.message;
    } catch (thrown) {
      throw this.#failure(thrown, options, isAnswered);
    }
  }

  /** Ends all calls and closes the connection. */
  close(): void {
    this.#closed.abort();
    this.#end();
  }

  async #ask(error: ServerError): Promise<boolean> {
    const { onCredentialWanted } = this.#credentials;
    if (!onCredentialWanted) return false;
    const rejected = this.#apiKey;
    if (this.#isUnproven) await sleep(this.#pauses.next(error.retryAfter) * 1000, this.#closed.signal);
    // The application may have replaced it during the pause.
    if (rejected !== this.#apiKey) return true;
    const key = this.#closed.signal.aborted ? undefined : await answerOf(onCredentialWanted, error);
    if (!key) return false;
    checkCredential("api_key", key);
    this.#apiKey = key;
    this.#isUnproven = true;
    return true;
  }

  #failure(thrown: unknown, { signal }: CallOptions, isAnswered: boolean): ServerError {
    const isCancelled = signal?.aborted === true || this.#closed.signal.aborted;
    return serverError(thrown, { server: this.#server, isCancelled, isAnswered });
  }

  #resetPauses(): void {
    this.#isUnproven = false;
    this.#pauses.reset();
  }

  #headers(): Record<string, string> {
    return {
      ...(this.#apiKey ? { "x-api-key": this.#apiKey } : {}),
      ...(this.#token ? { authorization: `Bearer ${this.#token}` } : {}),
    };
  }
}

async function answerOf(handler: CredentialHandler, error: ServerError): Promise<string | undefined> {
  try {
    return await handler(error);
  } catch (failure) {
    handlerFailed("onCredentialWanted", failure);
    throw error.with(`The credential handler failed: ${textOf(failure)}`);
  }
}

/** Options of a call without a deadline that no timer can have: it would end the call at once. */
function limited({ signal, timeoutMs = 0 }: CallOptions): { signal: AbortSignal | undefined; timeoutMs: number } {
  return { signal, timeoutMs: timeoutMs > LONGEST_TIMER_MS ? 0 : timeoutMs };
}

/** The one request of a call that streams answers. */
export async function* once<T>(request: T): AsyncGenerator<T, void> {
  yield request;
}
