/** Connections of Node.js: gRPC over HTTP/2. */
import { readFileSync } from "node:fs";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { Connection, type Credentials, LARGEST_ANSWER_BYTES } from "../connection.js";
import { Sessions } from "./sessions.js";
import { checkTarget } from "./target.js";

const CONNECT_MS = 10_000;
const PING_AFTER_MS = 30_000;
const PING_ANSWER_MS = 10_000;
const WINDOW_BYTES = 1024 * 1024;

/** Files for TLS. They are read for each new connection, so a renewed certificate needs no restart. */
export interface TlsFiles {
  /** Authorities that sign servers, as PEM. Default: those of Node.js. */
  readonly ca?: string | undefined;
  /** The client's certificate and its key, as PEM. */
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
}

/** Options of connect(). */
export interface ConnectOptions extends Credentials {
  /** Use TLS: `true` for the authorities of Node.js, or files. Default: no TLS. */
  readonly tls?: boolean | TlsFiles | undefined;
}

/**
 * Prepares a connection to `host:port`, with an IPv6 address in brackets. It is opened with the first call, and again after
 * it broke. Throws ServerError INVALID_ARGUMENT if the target, the key or the token has another form. A proxy that the
 * environment names is not used.
 */
export function connect(target: string, options: ConnectOptions = {}): Connection {
  checkTarget(target);
  const url = new URL(`${options.tls ? "https" : "http"}://${target}`);
  const sessions = new Sessions(
    url,
    { pingIntervalMs: PING_AFTER_MS, pingTimeoutMs: PING_ANSWER_MS },
    { createConnection: () => open(url, options.tls), settings: { initialWindowSize: WINDOW_BYTES } },
  );
  const transport = createGrpcTransport({
    baseUrl: url.origin,
    sessionManager: sessions,
    readMaxBytes: LARGEST_ANSWER_BYTES,
  });
  return new Connection(transport, options, target, { canStreamUp: true, end: () => sessions.abort() });
}

function open(url: URL, tls: boolean | TlsFiles | undefined): Duplex {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = Number(url.port || (tls ? 443 : 80));
  const socket = tls ? openTls(host, port, tls === true ? {} : tls) : connectTcp({ host, port, noDelay: true });
  // A server speaks first in HTTP/2: a peer that accepts the connection and is silent is none.
  const timer = setTimeout(() => {
    if (socket.bytesRead === 0) socket.destroy(new Error(`No answer of ${url.host} within ${CONNECT_MS / 1000} s.`));
  }, CONNECT_MS);
  socket.once("close", () => clearTimeout(timer));
  // HTTP/2 of Node.js reads the handle of a TLS socket directly, and then misses that the peer has reset it.
  return tls ? Duplex.from({ readable: socket, writable: socket }) : socket;
}

function openTls(host: string, port: number, files: TlsFiles): Socket {
  return connectTls({
    host,
    port,
    // Certificates have addresses too, but TLS sends names only.
    servername: isIP(host) ? "" : host,
    ALPNProtocols: ["h2"],
    ca: read(files.ca),
    cert: read(files.certificate),
    key: read(files.key),
  });
}

function read(path: string | undefined): Buffer | undefined {
  return path ? readFileSync(path) : undefined;
}
