/** The program that the conformance runner drives. */
import { type Connection, connect, ServerError } from "../src/node.js";
import { calling } from "./calling.js";
import { type Fields, report, serve } from "./loop.js";
import { writing } from "./writing.js";

let connection: Connection | undefined;
/** Keys for the credential handler, and handlers that wait for one. */
const keys: (string | null)[] = [];
const waiting: ((key: string | null) => void)[] = [];

function present(): Connection {
  if (!connection) throw new ServerError("FAILED_PRECONDITION", "There is no connection. Connect first.");
  return connection;
}

async function onCredentialWanted({ reason }: ServerError): Promise<string | undefined> {
  report("credential_wanted", { reason });
  const given = keys.shift();
  const key = given === undefined ? await new Promise<string | null>((resolve) => waiting.push(resolve)) : given;
  return key ?? undefined;
}

async function connectTo({ target, api_key: apiKey, token, tls }: Fields): Promise<Fields> {
  const next = connect(target, { apiKey, token, tls, onCredentialWanted });
  connection?.close();
  connection = next;
  return {};
}

serve({
  hello: async () => ({ language: "typescript", version: process.version, skips: {} }),
  connect: connectTo,
  new_key: async ({ api_key: key }) => {
    const resume = waiting.shift();
    if (resume) resume(key);
    else keys.push(key);
    return {};
  },
  ...writing(present),
  ...calling(present),
});
