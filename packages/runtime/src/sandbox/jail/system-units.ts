import { readFileSync } from 'node:fs';

/** Bytes of a page of memory, in which `/proc` counts it: 16 or 64 KiB on some arm64 kernels. */
export const PAGE_BYTES = auxiliary(6) ?? 4_096;
/** In `/proc`, CPU time is counted in these. */
export const TICKS_PER_SECOND = auxiliary(17) ?? 100;

/** `getauxval(3)`: 6 is AT_PAGESZ, 17 AT_CLKTCK. */
function auxiliary(wanted: number): number | undefined {
  try {
    const vector = readFileSync('/proc/self/auxv');
    for (let at = 0; at + 16 <= vector.length; at += 16)
      if (Number(vector.readBigUInt64LE(at)) === wanted) return Number(vector.readBigUInt64LE(at + 8));
  } catch {
    // No Linux, no jail: never asked for.
  }
  return undefined;
}
