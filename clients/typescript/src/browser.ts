/** The package for browsers: gRPC-Web over fetch. */
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { Connection, type Credentials } from "./connection.js";
import { grpcWebFetch } from "./grpc-web-fetch.js";

export * from "./shared.js";

/**
 * Prepares a connection to the URL of the service, by default that of the page. Each call is a request of its own. Throws
 * ServerError INVALID_ARGUMENT if the key or the token has a form that none has.
 */
export function connect(url: string = globalThis.location.origin, credentials: Credentials = {}): Connection {
  const transport = createGrpcWebTransport({ baseUrl: url, fetch: grpcWebFetch });
  return new Connection(transport, credentials, url, { canStreamUp: false });
}
