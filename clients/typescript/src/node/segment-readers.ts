/** Reads records back from the segments. */
import { type FileHandle, open } from "node:fs/promises";
import { ServerError } from "../server-error.js";
import { payloadOf } from "./segment.js";

/** Errors that do not pass: the file is gone, or the disk has lost a part of it. */
const LOST: ReadonlySet<string | undefined> = new Set(["ENOENT", "EIO"]);

/** The segments that are open for reading, by path. */
export class SegmentReaders {
  readonly #files = new Map<string, Promise<FileHandle>>();

  /**
   * The payload of the record at a position; undefined if the record was cut, damaged or removed. Rejects with ServerError if
   * another attempt may succeed.
   */
  async payload(path: string, position: number, bytes: number): Promise<Uint8Array | undefined> {
    const record = new Uint8Array(bytes);
    try {
      const file = await this.#file(path);
      const { bytesRead } = await file.read(record, 0, bytes, position);
      return bytesRead === bytes ? payloadOf(record) : undefined;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      // The next attempt opens it again.
      await this.close(path).catch(() => undefined);
      if (LOST.has(code)) return undefined;
      throw new ServerError("UNAVAILABLE", `The queue cannot be read: ${message}.`);
    }
  }

  /** Closes a segment. */
  async close(path: string): Promise<void> {
    const file = this.#files.get(path);
    this.#files.delete(path);
    await (await file)?.close();
  }

  async closeAll(): Promise<void> {
    for (const path of [...this.#files.keys()]) await this.close(path);
  }

  #file(path: string): Promise<FileHandle> {
    const known = this.#files.get(path);
    if (known) return known;
    const opened = open(path, "r");
    this.#files.set(path, opened);
    opened.catch(() => this.#files.delete(path));
    return opened;
  }
}
