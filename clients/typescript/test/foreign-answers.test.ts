import assert from "node:assert/strict";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:http2";
import { type TestContext, test } from "node:test";
import { connect as connectPage } from "../src/browser.js";
import { LARGEST_ANSWER_BYTES } from "../src/connection.js";
import {
  type Connection,
  connect,
  handleCommands,
  latest,
  read,
  type ServerError,
  subscribe,
  TelemetryWriter,
  watchConfiguration,
} from "../src/node.js";
import type { StreamOptions } from "../src/reconnecting.js";
import { listen } from "./support/ports.js";
import { ScriptedServer } from "./support/scripted-server.js";

const PAGE_STATUSES = [401, 403, 404];
const HEADER_BYTES = 5;

/** What opens a stream again, until the signal. */
const STREAMS: readonly [string, (connection: Connection, options: StreamOptions) => Promise<void>][] = [
  ["a subscription", async (connection, options) => drain(subscribe(connection, {}, options))],
  ["the configuration", async (connection, options) => drain(watchConfiguration(connection, options))],
  ["commands", (connection, options) => handleCommands(connection, () => ({}), options)],
];

for (const status of PAGE_STATUSES) {
  test(`a writer keeps its queue and its key while a page with ${status} answers`, async (context) => {
    const server = await ScriptedServer.open(context);
    server.portal = status;
    const onCredentialWanted = () => assert.fail("asked for a key");
    const connection = server.connect({ apiKey: "key", onCredentialWanted });
    const interrupted: string[] = [];
    const onInterrupted = ({ code }: ServerError) => {
      interrupted.push(code);
      server.portal = undefined;
    };
    const writer = new TelemetryWriter(connection, { onInterrupted });
    await writer.add({ values: { level: 1 } });
    await writer.close(10_000);
    assert.deepEqual(server.sequences, [1]);
    assert.deepEqual(interrupted, ["UNAVAILABLE"]);
  });

  for (const [name, run] of STREAMS) {
    test(`${name} is opened again after a page with ${status}, with the same key`, async (context) => {
      const server = await ScriptedServer.open(context);
      server.portal = status;
      const onCredentialWanted = () => assert.fail("asked for a key");
      const ended = new AbortController();
      const errors: ServerError[] = [];
      const onInterrupted = (error: ServerError) => {
        errors.push(error);
        if (errors.length === 2) ended.abort();
      };
      await run(server.connect({ apiKey: "key", onCredentialWanted }), { signal: ended.signal, onInterrupted });
      assert.deepEqual(
        errors.map(({ code }) => code),
        ["UNAVAILABLE", "UNAVAILABLE"],
      );
    });
  }
}

test("a message beyond 64 MiB is refused at its begin, and one of 64 MiB is not", async (context) => {
  for (const [bytes, expected] of [
    [LARGEST_ANSWER_BYTES, "UNAVAILABLE"],
    [LARGEST_ANSWER_BYTES + 1, "RESOURCE_EXHAUSTED"],
  ] as const) {
    for (const connection of [await grpcThatBegins(context, bytes), await pageThatBegins(context, bytes)]) {
      await assert.rejects(latest(connection, 1), ({ code }: ServerError) => code === expected);
      await assert.rejects(drain(read(connection)), ({ code }: ServerError) => code === expected);
    }
  }
});

test("in a browser, a page in place of gRPC-Web is an unavailable server", async (context) => {
  const server = createHttpServer((_, response) => {
    response.writeHead(200, { "content-type": "text/html" });
    // As a message, this would have 1.7 GB.
    response.end("<html>Please log in.</html>");
  });
  const connection = connectPage(`http://127.0.0.1:${await listen(context, server)}`);
  await assert.rejects(latest(connection, 1), ({ code, message }: ServerError) => {
    assert.equal(code, "UNAVAILABLE");
    return message.includes("text/html");
  });
});

test("a read that is broken off names the target and that its answer has no end", async (context) => {
  const server = createServer();
  server.on("stream", (stream) => {
    stream.respond({ "content-type": "application/grpc" });
    stream.write(headerOf(1000), () => stream.session?.destroy());
  });
  const port = await listen(context, server);
  const connection = connect(`127.0.0.1:${port}`);
  await assert.rejects(drain(read(connection)), ({ code, retryable, message }: ServerError) => {
    assert.deepEqual([code, retryable], ["UNAVAILABLE", true]);
    assert.match(message, new RegExp(`^The connection to 127.0.0.1:${port} failed: it was closed before the end`));
    return true;
  });
  connection.close();
});

/** A connection to a server that begins a message of so many bytes, and ends. */
async function grpcThatBegins(context: TestContext, bytes: number): Promise<Connection> {
  const server = createServer();
  server.on("stream", (stream) => {
    stream.respond({ "content-type": "application/grpc" });
    stream.end(headerOf(bytes));
  });
  const connection = connect(`127.0.0.1:${await listen(context, server)}`);
  context.after(() => connection.close());
  return connection;
}

async function pageThatBegins(context: TestContext, bytes: number): Promise<Connection> {
  const server = createHttpServer((_, response) => {
    response.writeHead(200, { "content-type": "application/grpc-web+proto" });
    const header = headerOf(bytes);
    // In parts, as a network delivers it.
    response.write(header.subarray(0, 2), () => response.end(header.subarray(2)));
  });
  return connectPage(`http://127.0.0.1:${await listen(context, server)}`);
}

function headerOf(bytes: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32BE(bytes, 1);
  return header;
}

async function drain(answers: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of answers) {
    // Only the end matters.
  }
}
