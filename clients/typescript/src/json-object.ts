/** Objects of JSON that a program gives. */
import type { JsonObject } from "@bufbuild/protobuf";
import { textOf } from "./handlers.js";
import { ServerError } from "./server-error.js";

const UNPRINTABLE = /[^ -~]/g;
/** Bytes of an escape beyond those of its character, such as \\u00fc. */
const ESCAPE_BYTES = 5;

/** The object as JSON expresses it. Throws ServerError INVALID_ARGUMENT where JSON cannot, such as NaN. field: its name. */
export function jsonObject(given: JsonObject, field: string): JsonObject {
  let text: string;
  try {
    text = JSON.stringify(given, finite);
  } catch (error) {
    throw invalid(textOf(error), field);
  }
  if (!text?.startsWith("{")) throw invalid(`The ${field} is not an object.`, field);
  return JSON.parse(text);
}

/**
 * Bytes of the object as JSON without spaces, as the server counts them: a character beyond printable ASCII takes those of its
 * escapes.
 */
export function jsonSize(object: JsonObject): number {
  const text = JSON.stringify(object);
  return text.length + ESCAPE_BYTES * (text.match(UNPRINTABLE)?.length ?? 0);
}

/** JSON.stringify() makes null of these numbers. */
function finite(_: string, value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) throw new TypeError(`JSON has no ${value}.`);
  return value;
}

function invalid(message: string, field: string): ServerError {
  return new ServerError("INVALID_ARGUMENT", message, { field });
}
