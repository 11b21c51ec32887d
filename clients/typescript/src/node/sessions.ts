/** The HTTP/2 connections behind a Connection. */
import type { ClientHttp2Session, ClientHttp2Stream } from "node:http2";
import { Http2SessionManager } from "@connectrpc/connect-node";

/** Sessions whose errors cannot end the process. */
export class Sessions extends Http2SessionManager {
  readonly #guarded = new WeakSet<ClientHttp2Session>();

  override async request(...call: Parameters<Http2SessionManager["request"]>): Promise<ClientHttp2Stream> {
    const stream = await super.request(...call);
    this.#guard(stream.session as ClientHttp2Session | undefined);
    return stream;
  }

  /**
   * A session over TLS reports its error after its streams. By then the manager may have left it, without a listener; its
   * streams have reported the error.
   */
  #guard(session: ClientHttp2Session | undefined): void {
    if (!session || this.#guarded.has(session)) return;
    this.#guarded.add(session);
    session.on("error", () => undefined);
  }
}
