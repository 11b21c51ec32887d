/** A service on a port of this machine whose answers a test scripts. */
import { createServer, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import type { TestContext } from "node:test";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Code, ConnectError, type ConnectRouter, type ServiceImpl } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import type { Connection, Credentials } from "../../src/connection.js";
import { ErrorInfoSchema } from "../../src/gen/google/rpc/error_details_pb.js";
import { DeviceService } from "../../src/gen/iotflow/v1/device_service_pb.js";
import type { TelemetryBatch } from "../../src/gen/iotflow/v1/telemetry_pb.js";
import { type StreamTelemetryResponseSchema, TelemetryService } from "../../src/gen/iotflow/v1/telemetry_service_pb.js";
import { connect } from "../../src/node.js";
import { listen } from "./ports.js";

type Telemetry = Partial<ServiceImpl<typeof TelemetryService>>;
type Device = Partial<ServiceImpl<typeof DeviceService>>;

/** Acknowledges every batch, and keeps it. */
export class ScriptedServer {
  /** Batches by the key that they came with, in order. */
  readonly received: { readonly apiKey: string; readonly batch: TelemetryBatch }[] = [];
  /** Keys that were asked about. */
  readonly asked: string[] = [];
  /** The device of each key. */
  readonly devices = new Map<string, number>();
  /** Errors of the next heartbeats. */
  readonly heartbeatErrors: ConnectError[] = [];
  /** The HTTP status of a page that answers in place of the service. */
  portal: number | undefined;
  port = 0;
  readonly #context: TestContext;
  readonly #telemetry: Telemetry;
  readonly #device: Device;

  private constructor(context: TestContext, telemetry: Telemetry, device: Device) {
    this.#context = context;
    this.#telemetry = { streamTelemetry: (batches, context) => this.#acknowledge(batches, context), ...telemetry };
    this.#device = { sendHeartbeat: (_, { requestHeader }) => this.#heartbeat(keyOf(requestHeader)), ...device };
  }

  /** A server with these methods, until the end of the test. */
  static async open(context: TestContext, telemetry: Telemetry = {}, device: Device = {}): Promise<ScriptedServer> {
    const scripted = new ScriptedServer(context, telemetry, device);
    const answer = connectNodeAdapter({ routes: (router) => scripted.#routes(router) });
    const server = createServer((request, response) => {
      if (scripted.portal) showPage(scripted.portal, request, response);
      else answer(request, response);
    });
    scripted.port = await listen(context, server);
    return scripted;
  }

  /** A connection to this server, until the end of the test. */
  connect(credentials: Credentials = {}): Connection {
    const connection = connect(`127.0.0.1:${this.port}`, credentials);
    this.#context.after(() => connection.close());
    return connection;
  }

  #routes(router: ConnectRouter): void {
    router.service(TelemetryService, this.#telemetry);
    router.service(DeviceService, this.#device);
  }

  /** The sequences that were received. */
  get sequences(): number[] {
    return this.received.map(({ batch }) => Number(batch.sequence));
  }

  async *#acknowledge(
    batches: AsyncIterable<TelemetryBatch>,
    { requestHeader }: { requestHeader: Headers },
  ): AsyncGenerator<MessageInitShape<typeof StreamTelemetryResponseSchema>> {
    for await (const batch of batches) {
      this.received.push({ apiKey: keyOf(requestHeader), batch });
      yield { committedSequence: batch.sequence };
    }
  }

  #heartbeat(apiKey: string) {
    this.asked.push(apiKey);
    const error = this.heartbeatErrors.shift();
    if (error) throw error;
    return { deviceId: this.devices.get(apiKey) ?? 1 };
  }
}

/** An error as the service gives it. */
export function refusal(code: Code, reason: string, retryable = false): ConnectError {
  const value = { domain: "iotflow", reason, metadata: { retryable: String(retryable) } };
  return new ConnectError(reason, code, undefined, [{ desc: ErrorInfoSchema, value }]);
}

function showPage(status: number, request: Http2ServerRequest, response: Http2ServerResponse): void {
  request.resume();
  response.writeHead(status, { "content-type": "text/html" });
  response.end("<html>Please log in.</html>");
}

function keyOf(headers: Headers): string {
  return headers.get("x-api-key") ?? "";
}
