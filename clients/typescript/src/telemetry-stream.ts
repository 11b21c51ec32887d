/** StreamTelemetry with batches that are already encoded. */
import { create, type UnknownField } from "@bufbuild/protobuf";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import type { Connection } from "./connection.js";
import { once } from "./connection.js";
import { type TelemetryBatch, TelemetryBatchSchema } from "./gen/iotflow/v1/telemetry_pb.js";
import { type StreamTelemetryResponse, TelemetryService } from "./gen/iotflow/v1/telemetry_service_pb.js";

const { streamTelemetry } = TelemetryService.method;
/** The same method for a request with one batch, which browsers can send. */
const streamOneBatch = { ...streamTelemetry, methodKind: "server_streaming" } as const;

/** Sends batches and yields acknowledgements. Ends with ServerError, or when the server ends the stream. */
export async function* openStream(
  connection: Connection,
  batches: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<StreamTelemetryResponse, void> {
  if (connection.canStreamUp) {
    yield* connection.stream(streamTelemetry, messages(batches), { signal });
    return;
  }
  for await (const batch of batches) {
    yield* connection.stream(streamOneBatch, once(message(batch)), { signal });
  }
}

async function* messages(batches: AsyncIterable<Uint8Array>): AsyncGenerator<TelemetryBatch, void> {
  for await (const batch of batches) yield message(batch);
}

/** A message that is written as these bytes: as unknown fields, so that it need not be decoded. */
function message(bytes: Uint8Array): TelemetryBatch {
  const reader = new BinaryReader(bytes);
  const fields: UnknownField[] = [];
  while (reader.pos < reader.len) {
    const [no, wireType] = reader.tag();
    fields.push({ no, wireType, data: reader.skip(wireType, no) });
  }
  const batch = create(TelemetryBatchSchema);
  batch.$unknown = fields;
  return batch;
}
