/** Whose key it is. */
import type { Connection } from "./connection.js";
import { DeviceService } from "./gen/iotflow/v1/device_service_pb.js";

const ASK_MS = 10_000;

/** The device of the newest key that each connection has asked about. */
const known = new WeakMap<Connection, { readonly apiKey: string; readonly deviceId: number }>();

/** The device of the key that the connection uses; undefined if it was replaced meanwhile. Rejects with ServerError. */
export async function deviceOfKey(connection: Connection, signal: AbortSignal): Promise<number | undefined> {
  const { apiKey } = connection;
  const device = known.get(connection);
  if (device?.apiKey === apiKey) return device.deviceId;
  const options = { signal, timeoutMs: ASK_MS };
  const { deviceId } = await connection.unary(DeviceService.method.sendHeartbeat, {}, options);
  if (connection.apiKey !== apiKey) return undefined;
  known.set(connection, { apiKey, deviceId });
  return deviceId;
}
