/** Whose batches a folder has, where they carry no device. */
import { rmSync } from "node:fs";
import { ServerError } from "../server-error.js";
import { SmallFile } from "./small-file.js";

const CONTENT = /^([1-9]\d{0,9})\n$/;
const LARGEST_ID = 2 ** 31 - 1;

/** The file `device` of a folder. */
export class QueueDevice {
  readonly #folder: string;
  readonly #path: string;
  readonly #file: SmallFile;
  /** undefined: the batches are no device's yet. */
  #id: number | undefined;

  constructor(folder: string, path: string) {
    this.#folder = folder;
    this.#path = path;
    this.#file = new SmallFile(path, true);
  }

  /** Takes over what a former process has written. Batches that are added to an empty folder are not those of its device. */
  load(isEmpty: boolean): void {
    if (isEmpty) rmSync(this.#path, { force: true });
    else this.#id = idIn(this.#file.read());
  }

  /** Makes the batches those of the device. Rejects with QUEUE_OF_ANOTHER_DEVICE if they are another's. */
  async claim(id: number, isEmpty: boolean): Promise<void> {
    if (this.#id !== undefined && this.#id !== id && !isEmpty) throw ofAnother(this.#folder, this.#id, id);
    this.#id = id;
    this.save();
    await this.settled();
  }

  /** Writes the file, if it is not written. A full disk is no reason not to send, which makes room: call this again then. */
  save(): void {
    if (this.#id !== undefined) this.#file.write(Buffer.from(`${this.#id}\n`));
  }

  settled(): Promise<void> {
    return this.#file.settled();
  }
}

/** The id; undefined if the file is missing or damaged. */
function idIn(content: Buffer): number | undefined {
  const id = Number(CONTENT.exec(content.toString("latin1"))?.[1]);
  return id <= LARGEST_ID ? id : undefined;
}

function ofAnother(folder: string, owner: number, caller: number): ServerError {
  return new ServerError(
    "FAILED_PRECONDITION",
    `The queue in ${folder} has batches of device ${owner}, and the key is that of device ${caller}. ` +
      "The batches are kept. Use the key of their device, or another folder.",
    { reason: "QUEUE_OF_ANOTHER_DEVICE" },
  );
}
