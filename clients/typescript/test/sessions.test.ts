import assert from "node:assert/strict";
import { createServer } from "node:http2";
import { connect } from "node:net";
import { Duplex } from "node:stream";
import { test } from "node:test";
import { Sessions } from "../src/node/sessions.js";
import { listen } from "./support/ports.js";

test("the error of a connection over TLS that was left does not end the process", async (context) => {
  const server = createServer();
  const port = await listen(context, server);
  // As TLS is used: HTTP/2 gets a stream that is no socket.
  const createConnection = () => {
    const socket = connect({ host: "127.0.0.1", port });
    return Duplex.from({ readable: socket, writable: socket });
  };
  const url = `http://127.0.0.1:${port}`;
  const sessions = new Sessions(url, {}, { createConnection });
  const stream = await sessions.request("POST", "/", {}, {});
  const { session } = stream;
  assert.ok(session);
  const closed = new Promise((resolve) => session.once("close", resolve));
  stream.once("error", () => sessions.abort());
  session.destroy(new Error("lost"));
  await closed;
});
