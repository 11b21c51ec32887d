/** Writes protocol buffers into one growing array. */

const TEXT = new TextEncoder();
const TWO_32 = 2 ** 32;

/** Writes fields one after the other. */
export class ProtoWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#length;
  }

  /** A view of what was written. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** A number from 0 to 2^53, or a negative number down to -2^53 as int64. */
  varint(value: number): void {
    this.#reserve(10);
    if (value < 0) {
      this.bigVarint(BigInt(value));
      return;
    }
    let rest = value;
    while (rest >= TWO_32 / 2) {
      this.#bytes[this.#length++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    while (rest > 127) {
      this.#bytes[this.#length++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.#bytes[this.#length++] = rest;
  }

  /** An int64. */
  bigVarint(value: bigint): void {
    this.#reserve(10);
    let rest = BigInt.asUintN(64, value);
    while (rest > 127n) {
      this.#bytes[this.#length++] = Number(rest & 127n) | 128;
      rest >>= 7n;
    }
    this.#bytes[this.#length++] = Number(rest);
  }

  double(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  float(value: number): void {
    this.#reserve(4);
    this.#view.setFloat32(this.#length, value, true);
    this.#length += 4;
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Field number and wire type. */
  tag(field: number, wireType: 0 | 2): void {
    this.varint(field * 8 + wireType);
  }

  text(field: number, value: string): void {
    this.delimited(field, value.length, () => {
      this.#reserve(value.length * 3);
      this.#length += TEXT.encodeInto(value, this.#bytes.subarray(this.#length)).written;
    });
  }

  /** A field with a length in front, which is guessed and corrected. */
  delimited(field: number, guess: number, write: () => void): void {
    this.tag(field, 2);
    const at = this.#length;
    this.varint(guess);
    const guessed = this.#length - at;
    write();
    const length = this.#length - at - guessed;
    const needed = varintLength(length);
    if (needed !== guessed) {
      this.#reserve(Math.max(needed - guessed, 0));
      this.#bytes.copyWithin(at + needed, at + guessed, at + guessed + length);
    }
    this.#length = at;
    this.varint(length);
    this.#length = at + needed + length;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

/** Number of bytes of a varint. */
function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) length += 1;
  return length;
}
