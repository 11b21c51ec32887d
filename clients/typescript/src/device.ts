/** What a device does besides telemetry and commands: registration, heartbeats, configuration, its key. */
import type { JsonObject } from "@bufbuild/protobuf";
import { type CallOptions, type Connection, once } from "./connection.js";
import { checkCredential } from "./credential.js";
import type { Device } from "./gen/iotflow/v1/device_pb.js";
import { DeviceService, type RegisterDeviceRequest } from "./gen/iotflow/v1/device_service_pb.js";
import { jsonObject } from "./json-object.js";
import { reconnecting, type StreamOptions } from "./reconnecting.js";
import { ServerError } from "./server-error.js";
import { milliseconds } from "./time.js";

const { method } = DeviceService;

/** A device to register. */
export type NewDevice = Pick<RegisterDeviceRequest, "name"> &
  Partial<
    Pick<RegisterDeviceRequest, "deviceType" | "description" | "location" | "firmwareVersion" | "hardwareVersion">
  >;

/** The answer to a heartbeat. */
export interface HeartbeatAnswer {
  /** The server's time in milliseconds since 1970 UTC. */
  readonly timestamp: number;
  readonly status: string;
}

/** A version of the desired configuration. */
export interface DesiredConfiguration {
  readonly version: number;
  readonly desired: JsonObject;
}

/** Registers a device. The connection uses its key from then on; store it, because it is shown once. */
export async function register(connection: Connection, device: NewDevice, options?: CallOptions): Promise<Device> {
  const { device: registered } = await connection.unary(method.registerDevice, device, options);
  if (!registered?.apiKey) throw new ServerError("INTERNAL", "The answer to the registration has no key.");
  connection.useKey(registered.apiKey);
  return registered;
}

/** Reports that the device is online, or `offline`. */
export async function heartbeat(
  connection: Connection,
  status = "online",
  options?: CallOptions,
): Promise<HeartbeatAnswer> {
  const request = { status: { kind: { case: "stringValue" as const, value: status } } };
  const answer = await connection.unary(method.sendHeartbeat, request, options);
  return { timestamp: milliseconds(answer.timestamp), status: answer.status };
}

/** The desired configuration: the newest version at first, then each new one, none of them twice. */
export async function* watchConfiguration(
  connection: Connection,
  options: StreamOptions = {},
): AsyncGenerator<DesiredConfiguration, void> {
  let known = 0;
  const open = () => connection.stream(method.watchConfig, once({}), { signal: options.signal });
  for await (const { event } of reconnecting(connection, open, options)) {
    if (event.case !== "config" || event.value.desiredVersion === known) continue;
    known = event.value.desiredVersion;
    if (known > 0) yield { version: known, desired: event.value.desired ?? {} };
  }
}

/** Reports the configuration that the device has. Rejects with INVALID_ARGUMENT where JSON cannot express it. */
export async function reportConfiguration(
  connection: Connection,
  configuration: JsonObject,
  options?: CallOptions,
): Promise<void> {
  const request = { configuration: jsonObject(configuration, "configuration") };
  await connection.unary(method.updateDeviceConfig, request, options);
}

/**
 * Replaces the device's key. `save` stores the new key durably before it is used. If the answer is lost, the old key
 * stays valid; rotate again.
 */
export async function rotateKey(
  connection: Connection,
  save: (apiKey: string) => Promise<void> | void,
  options?: CallOptions,
): Promise<string> {
  const { apiKey } = await connection.unary(method.rotateApiKey, {}, options);
  checkCredential("api_key", apiKey);
  await save(apiKey);
  connection.useKey(apiKey);
  return apiKey;
}
