/** What both entry points of the package export. */
export { type ColumnBatch, type DecodedColumn, decodeBatch, isValid, rowValues } from "./batch-decoding.js";
export { ServerClock } from "./clock.js";
export type { Columns, ColumnType, ColumnValues, Row, TypedColumn, Value } from "./columns.js";
export { type CallOptions, Connection, type CredentialHandler, type Credentials } from "./connection.js";
export type { DropReason, Policy } from "./policy.js";
export { type BatchQueue, MemoryQueue, type QueuedBatch } from "./queue.js";
export type { RejectedRows } from "./sender.js";
export { ServerError, type StatusName } from "./server-error.js";
export { TelemetryWriter, type WriterOptions, type WriterStatus } from "./writer.js";
