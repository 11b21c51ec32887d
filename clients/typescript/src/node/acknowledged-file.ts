/** The file that says up to which sequence a queue is acknowledged. */
import { readFileSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";

const BYTES = 12;

/** Writes the newest sequence only, one at a time. */
export class AcknowledgedFile {
  readonly #path: string;
  #wanted = 0;
  #written = 0;
  #writing: Promise<void> | undefined;

  constructor(folder: string) {
    this.#path = join(folder, "acknowledged");
  }

  /** The sequence in the file; 0 if the file is missing or damaged. */
  read(): number {
    let bytes: Buffer;
    try {
      bytes = readFileSync(this.#path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
      throw error;
    }
    const isWhole = bytes.length === BYTES && crc32(bytes.subarray(0, 8)) === bytes.readUInt32LE(8);
    return isWhole ? Number(bytes.readBigUInt64LE(0)) : 0;
  }

  /** Writes the sequence some time. A failure is harmless, because batches may be sent again. */
  write(sequence: number): void {
    this.#wanted = sequence;
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
  }

  /** Waits until the newest sequence is written. */
  async settled(): Promise<void> {
    while (this.#writing) await this.#writing;
  }

  async #writeAll(): Promise<void> {
    while (this.#written !== this.#wanted) {
      const sequence = this.#wanted;
      const bytes = Buffer.alloc(BYTES);
      bytes.writeBigUInt64LE(BigInt(sequence));
      bytes.writeUInt32LE(crc32(bytes.subarray(0, 8)), 8);
      try {
        await writeFile(`${this.#path}.new`, bytes);
        await rename(`${this.#path}.new`, this.#path);
      } catch {
        return;
      }
      this.#written = sequence;
    }
  }
}
