import { LIMITS } from '../limits.ts';
import { parquetInvalid } from './refusal.ts';

const MAX_VARINT_BYTES = 10;

/**
 * Walks over one structure of Thrift's compact protocol before the library reads it: every length fits into what is
 * left, and nesting has an end. A list that claims a billion entries would otherwise be allocated first.
 * @returns the offset after it. @throws EngineError `WRANGLER_PARQUET_INVALID`
 */
export function auditThrift(view: DataView, start: number): number {
  return new Walk(view, start).struct(0);
}

class Walk {
  private at: number;
  private readonly view: DataView;

  constructor(view: DataView, start: number) {
    this.view = view;
    this.at = start;
  }

  struct(depth: number): number {
    if (depth > LIMITS.maxParquetDepth) throw parquetInvalid('its metadata nest too deep');
    for (;;) {
      const head = this.byte();
      const type = head & 0x0f;
      if (type === 0) return this.at;
      if (head >> 4 === 0) this.varint();
      if (type > 2) this.value(type, depth);
    }
  }

  private value(type: number, depth: number): void {
    if (type === 3) this.skip(1);
    else if (type >= 4 && type <= 6) this.varint();
    else if (type === 7) this.skip(8);
    else if (type === 8) this.skip(this.varint());
    else if (type === 9) this.list(depth);
    else if (type === 12) this.struct(depth + 1);
    else throw parquetInvalid('its metadata have a value of a kind that Parquet does not use');
  }

  private list(depth: number): void {
    const head = this.byte();
    const size = head >> 4 === 15 ? this.varint() : head >> 4;
    // Each entry takes a byte at least.
    if (size > this.view.byteLength - this.at) throw parquetInvalid('a list of its metadata is longer than the file');
    const type = head & 0x0f;
    for (let index = 0; index < size; index += 1) {
      if (type === 1 || type === 2) this.skip(1);
      else this.value(type, depth + 1);
    }
    if (depth > LIMITS.maxParquetDepth) throw parquetInvalid('its metadata nest too deep');
  }

  /** Exact up to 2^53; more than any length that fits. */
  private varint(): number {
    let value = 0;
    for (let index = 0; index < MAX_VARINT_BYTES; index += 1) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** (7 * index);
      if (byte < 0x80) return value;
    }
    throw parquetInvalid('a number of its metadata never ends');
  }

  private byte(): number {
    this.skip(1);
    return this.view.getUint8(this.at - 1);
  }

  private skip(bytes: number): void {
    if (bytes > this.view.byteLength - this.at) throw parquetInvalid('its metadata are cut off');
    this.at += bytes;
  }
}
