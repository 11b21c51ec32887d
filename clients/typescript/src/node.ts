/** The package for Node.js: gRPC over HTTP/2, and a queue on disk. */
export { type ConnectOptions, connect, type TlsFiles } from "./node/connect.js";
export { DiskQueue } from "./node/disk-queue.js";
export * from "./shared.js";
