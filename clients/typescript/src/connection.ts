/** A connection to a server: the transport and the credentials of its calls. */
import type {
  DescMessage,
  DescMethodStreaming,
  DescMethodUnary,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import type { Transport } from "@connectrpc/connect";
import { type ServerError, serverError } from "./server-error.js";

/** Returns a new key after the server refused the present one, or nothing if there is none. It may take any time. */
export type CredentialHandler = (error: ServerError) => Promise<string | undefined>;

/** Who calls: a device with its key, or a gateway or person with a token. */
export interface Credentials {
  readonly apiKey?: string | undefined;
  readonly token?: string | undefined;
  readonly onCredentialWanted?: CredentialHandler | undefined;
}

/** Options of one call. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds after which the call fails with DEADLINE_EXCEEDED. */
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
  #apiKey: string;

  /** server: its name in errors. */
  constructor(transport: Transport, credentials: Credentials, server: string, traits: ConnectionTraits) {
    this.transport = transport;
    this.canStreamUp = traits.canStreamUp;
    this.#credentials = credentials;
    this.#server = server;
    this.#apiKey = credentials.apiKey ?? "";
    this.#end = traits.end ?? (() => undefined);
  }

  /** The key of the device that calls, or empty. */
  get apiKey(): string {
    return this.#apiKey;
  }

  /** Use this key from now on. Open streams keep theirs. */
  useKey(apiKey: string): void {
    this.#apiKey = apiKey;
  }

  /** Asks the application for a new key and uses it. Returns whether there is one. */
  async renewKey(error: ServerError): Promise<boolean> {
    const key = await this.#credentials.onCredentialWanted?.(error);
    if (key) this.useKey(key);
    return Boolean(key);
  }

  /** Calls a method with one request and one answer. Throws ServerError. */
  async unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    options: CallOptions = {},
  ): Promise<MessageShape<O>> {
    try {
      const { signal, timeoutMs } = options;
      return (await this.transport.unary(method, signal, timeoutMs, this.#headers(), request)).message;
    } catch (thrown) {
      throw serverError(thrown, this.#server);
    }
  }

  /** Calls a streaming method. The iterator throws ServerError. */
  async *stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodStreaming<I, O>,
    requests: AsyncIterable<MessageInitShape<I>>,
    options: CallOptions = {},
  ): AsyncGenerator<MessageShape<O>, void> {
    try {
      const { signal, timeoutMs = 0 } = options;
      const answer = await this.transport.stream(method, signal, timeoutMs, this.#headers(), requests);
      yield* answer.message;
    } catch (thrown) {
      throw serverError(thrown, this.#server);
    }
  }

  /** Ends all calls and closes the connection. */
  close(): void {
    this.#end();
  }

  #headers(): Record<string, string> {
    const { token } = this.#credentials;
    return {
      ...(this.#apiKey ? { "x-api-key": this.#apiKey } : {}),
      ...(token ? { authorization: `Bearer ${token}` } : {}),
    };
  }
}

/** The one request of a call that streams answers. */
export async function* once<T>(request: T): AsyncGenerator<T, void> {
  yield request;
}
