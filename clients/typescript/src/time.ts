/** Times of the contract. */
import type { Timestamp } from "@bufbuild/protobuf/wkt";

/** A date, milliseconds since 1970 UTC, or a text of the contract such as `-1h` or `now`. */
export type Time = Date | number | string;

/** The text of a time, as requests have it; undefined is no time. */
export function timeText(time: Time | undefined): string {
  if (time === undefined) return "";
  if (typeof time === "string") return time;
  const milliseconds = Number(time);
  // Fewer than 13 digits would be taken for seconds.
  return milliseconds >= 1e12 ? String(Math.trunc(milliseconds)) : new Date(milliseconds).toISOString();
}

/** Milliseconds since 1970 UTC. */
export function milliseconds(timestamp: Timestamp | undefined): number {
  return timestamp ? Number(timestamp.seconds) * 1000 + timestamp.nanos / 1e6 : Number.NaN;
}
