/** What both entry points of the package export. */
export { type ColumnBatch, type DecodedColumn, decodeBatch, isValid, rowValues } from "./batch-decoding.js";
export { ServerClock } from "./clock.js";
export type { Columns, ColumnType, ColumnValues, Row, TypedColumn, Value } from "./columns.js";
export { type CommandHandler, handleCommands, type ReceivedCommand } from "./commands.js";
export { type CallOptions, Connection, type CredentialHandler, type Credentials } from "./connection.js";
export {
  type DesiredConfiguration,
  type HeartbeatAnswer,
  heartbeat,
  type NewDevice,
  register,
  reportConfiguration,
  rotateKey,
  watchConfiguration,
} from "./device.js";
export { type Page, pages } from "./pages.js";
export type { DropReason, Policy } from "./policy.js";
export { type BatchQueue, MemoryQueue, type QueuedBatch } from "./queue.js";
export {
  type AggregateOptions,
  aggregate,
  type LatestValues,
  latest,
  type Range,
  type ReadOptions,
  type ReadRow,
  range,
  rangePages,
  read,
} from "./reading.js";
export type { StreamOptions } from "./reconnecting.js";
export type { RejectedRows } from "./sender.js";
export { ServerError, type StatusName } from "./server-error.js";
export { type LiveEvent, type Subscription, subscribe } from "./subscribe.js";
export type { Time } from "./time.js";
export { TelemetryWriter, type WriterOptions, type WriterStatus } from "./writer.js";
