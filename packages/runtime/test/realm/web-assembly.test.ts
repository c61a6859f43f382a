import { describe, expect, it } from 'vitest';
import type { BufferLedger } from '../../src/sandbox/realm/buffers.ts';
import { guardWebAssembly, KNOWN_MODULES } from '../../src/sandbox/realm/web-assembly.ts';

const known = [...KNOWN_MODULES.keys()];

/** A ledger that has room for so many bytes, and says what is held. */
function ledgerOf(room: number): { ledger: BufferLedger; held: () => number } {
  let held = 0;
  const charge = (bytes: number): void => {
    if (held + bytes > room) throw new RangeError('used up');
    held += bytes;
  };
  const memory = () => ({ current: held, peak: held, exceeded: false });
  return { ledger: { charge, hold: (_owner, bytes) => charge(bytes), memory }, held: () => held };
}

interface Memory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

function memoryOf(room: number) {
  const { ledger, held } = ledgerOf(room);
  const Memory = guardWebAssembly(known, ledger).Memory as new (descriptor: unknown) => Memory;
  return { make: (descriptor: unknown) => new Memory(descriptor), held };
}

describe('the guarded WebAssembly', () => {
  it('[§9] an engine that names a module nobody knows is not loaded', () => {
    expect(() => guardWebAssembly([...known, '0'.repeat(64)], ledgerOf(0).ledger)).toThrow('does not know');
  });

  it('[§9] memory is paid for up to its end before it is there', () => {
    const { make, held } = memoryOf(10 * 65_536);
    const memory = make({ initial: 1, maximum: 8 });
    expect([memory.buffer.byteLength, held()]).toEqual([65_536, 8 * 65_536]);
    expect(memory.grow(7)).toBe(1);
    expect(() => memory.grow(1)).toThrow(RangeError);
    expect(() => make({ initial: 1, maximum: 3 })).toThrow('used up');
  });

  it.each([
    {},
    undefined,
    { initial: 1 },
    { maximum: 1 },
    { initial: 2, maximum: 1 },
    { initial: 1, maximum: 8_193 },
    { initial: 0.5, maximum: 1 },
    { initial: 1n, maximum: 1n },
    { initial: -1, maximum: 1 },
  ])('[§9] no memory of %o', (descriptor) => {
    expect(() => memoryOf(Number.MAX_SAFE_INTEGER).make(descriptor)).toThrow(RangeError);
  });

  it('[§9] only bytes with the digest that was named are compiled', async () => {
    const { instantiate } = guardWebAssembly(known, ledgerOf(0).ledger);
    const empty = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);
    await expect(instantiate(empty, {})).rejects.toThrow('not one of those');
    await expect(instantiate({ byteLength: 8 }, {})).rejects.toThrow(TypeError);
  });
});
