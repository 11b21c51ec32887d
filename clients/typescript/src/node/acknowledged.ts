/** The file that says up to which sequence a queue is acknowledged. */
import { crc32 } from "node:zlib";

const BYTES = 12;

/** Its content. */
export function acknowledgedContent(sequence: number): Buffer {
  const bytes = Buffer.alloc(BYTES);
  bytes.writeBigUInt64LE(BigInt(sequence));
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 8)), 8);
  return bytes;
}

/** The sequence in its content; 0 if the file is missing or damaged. */
export function acknowledgedIn(content: Buffer): number {
  const isWhole = content.length === BYTES && crc32(content.subarray(0, 8)) === content.readUInt32LE(8);
  return isWhole ? Number(content.readBigUInt64LE(0)) : 0;
}
