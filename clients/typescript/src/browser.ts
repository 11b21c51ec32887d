/** The package for browsers: gRPC-Web over fetch. */
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { Connection, type Credentials } from "./connection.js";

export * from "./shared.js";

/** Prepares a connection to the URL of the service, by default that of the page. Each call is a request of its own. */
export function connect(url: string = globalThis.location.origin, credentials: Credentials = {}): Connection {
  return new Connection(createGrpcWebTransport({ baseUrl: url }), credentials, url, { canStreamUp: false });
}
