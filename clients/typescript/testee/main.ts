/** The program that the conformance runner drives. */
import { type Connection, connect, ServerError } from "../src/node.js";
import { calling } from "./calling.js";
import { type Fields, report, serve } from "./loop.js";
import { writing } from "./writing.js";

let connection: Connection | undefined;
/** Answers for the credential handler, and handlers that wait for one. */
const answers: Fields[] = [];
const waiting: ((answer: Fields) => void)[] = [];

function present(): Connection {
  if (!connection) throw new ServerError("FAILED_PRECONDITION", "There is no connection. Connect first.");
  return connection;
}

async function onCredentialWanted({ reason }: ServerError): Promise<string | undefined> {
  report("credential_wanted", { reason });
  const answer = answers.shift() ?? (await new Promise<Fields>((resolve) => waiting.push(resolve)));
  if (answer["fails"]) throw new Error(answer["fails"]);
  return answer["api_key"] ?? undefined;
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
  new_key: async (answer) => {
    const resume = waiting.shift();
    if (resume) resume(answer);
    else answers.push(answer);
    return {};
  },
  ...writing(present),
  ...calling(present),
});
