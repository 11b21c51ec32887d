/** Objects of JSON that a program gives. */
import type { JsonObject } from "@bufbuild/protobuf";
import { ServerError } from "./server-error.js";

/** The object as JSON expresses it. Throws ServerError INVALID_ARGUMENT where JSON cannot, such as NaN. field: its name. */
export function jsonObject(given: JsonObject, field: string): JsonObject {
  let text: string;
  try {
    text = JSON.stringify(given, finite);
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : String(error), field);
  }
  if (!text?.startsWith("{")) throw invalid(`The ${field} is not an object.`, field);
  return JSON.parse(text);
}

/** JSON.stringify() makes null of these numbers. */
function finite(_: string, value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) throw new TypeError(`JSON has no ${value}.`);
  return value;
}

function invalid(message: string, field: string): ServerError {
  return new ServerError("INVALID_ARGUMENT", message, { field });
}
