/** Small files of a queue, which are replaced as a whole. */
import { readFileSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { syncFolder } from "./sync-folder.js";

/** Ends the name of a file that is being written. */
export const DRAFT = ".new";

/** Writes the newest content only, one at a time. */
export class SmallFile {
  readonly #path: string;
  readonly #isDurable: boolean;
  #wanted: Buffer | undefined;
  #written: Buffer | undefined;
  #isWriting = false;
  #writing: Promise<void> = Promise.resolve();

  /** isDurable: its content outlives the end of the system as soon as it is written. */
  constructor(path: string, isDurable: boolean) {
    this.#path = path;
    this.#isDurable = isDurable;
  }

  /** What the file has; nothing if it is missing. */
  read(): Buffer {
    try {
      return readFileSync(this.#path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return Buffer.alloc(0);
      throw error;
    }
  }

  /** Writes the content some time. What the disk does not take is tried again with the next call. */
  write(content: Buffer): void {
    this.#wanted = content;
    if (this.#isWriting) return;
    this.#isWriting = true;
    this.#writing = this.#writeAll();
  }

  /** Waits until the newest content is written, or the disk has refused it. */
  async settled(): Promise<void> {
    while (this.#isWriting) await this.#writing;
  }

  async #writeAll(): Promise<void> {
    try {
      while (this.#wanted && !this.#written?.equals(this.#wanted)) {
        const content = this.#wanted;
        await replace(this.#path, content, this.#isDurable);
        this.#written = content;
      }
    } catch {
      // The former content is harmless.
    }
    this.#isWriting = false;
  }
}

async function replace(path: string, content: Buffer, isDurable: boolean): Promise<void> {
  const draft = path + DRAFT;
  // Left by a process that has ended, or a link, through which nothing is written.
  await rm(draft, { force: true });
  const file = await open(draft, "wx", 0o600);
  try {
    await file.writeFile(content);
    if (isDurable) await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
  if (isDurable) await syncFolder(dirname(path));
}
