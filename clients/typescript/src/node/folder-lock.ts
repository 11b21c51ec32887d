/** The advisory lock of a folder. It ends with the process, however that ends. */
import { spawnSync } from "node:child_process";
import { closeSync, constants, openSync } from "node:fs";
import { ServerError } from "../server-error.js";

/** open() takes the lock with these flags on systems that have them; Node.js has no function for it. */
const LOCKING_FLAGS: Partial<Record<NodeJS.Platform, number>> = {
  // O_EXLOCK of BSD, and the flag of libuv that denies sharing. O_NONBLOCK: fail instead of waiting.
  darwin: 0x20 | constants.O_NONBLOCK,
  freebsd: 0x20 | constants.O_NONBLOCK,
  openbsd: 0x20 | constants.O_NONBLOCK,
  win32: 0x10000000,
};

/** Nothing is made through a symbolic link. Windows does not have the flag. */
const NO_LINK = constants.O_NOFOLLOW ?? 0;

/** Locks the file and returns its descriptor, which holds the lock until it is closed. Throws QUEUE_IN_USE. */
export function lockFile(path: string): number {
  const flags = LOCKING_FLAGS[process.platform];
  let file: number;
  try {
    file = openSync(path, constants.O_RDWR | constants.O_CREAT | NO_LINK | (flags ?? 0), 0o600);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (flags && (code === "EAGAIN" || code === "EBUSY")) throw inUse(path);
    throw error;
  }
  if (flags === undefined) lockOpenFile(file, path);
  return file;
}

/** On Linux: the lock belongs to the open file, so the program `flock` can take it for this process. */
function lockOpenFile(file: number, path: string): void {
  const { status, error } = spawnSync("flock", ["-n", "3"], { stdio: ["ignore", "ignore", "ignore", file] });
  if (status === 0) return;
  closeSync(file);
  if (error) {
    throw new ServerError("FAILED_PRECONDITION", "A queue on disk needs the program flock of util-linux or BusyBox.");
  }
  throw inUse(path);
}

function inUse(path: string): ServerError {
  return new ServerError("FAILED_PRECONDITION", `Another writer has locked ${path}.`, { reason: "QUEUE_IN_USE" });
}
