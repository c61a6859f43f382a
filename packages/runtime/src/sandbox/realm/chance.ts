import { hide } from './object.ts';
import type { World, Worlds } from './world.ts';

const INTEGER_VIEWS = new Set([
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'BigInt64Array',
  'BigUint64Array',
]);
const MAX_RANDOM_BYTES = 65_536;

/** Randomness of the call: seeded when the world is frozen, the machine's otherwise. */
export function installChance(worlds: Worlds, getBuiltin: (id: string) => unknown): void {
  const nativeRandom = Math.random;
  hide(Math, 'random', (): number => {
    const world = worlds.current();
    if (world.frozen) return world.numbers.fraction();
    world.influences.add('random');
    return nativeRandom();
  });
  const fill = (bytes: Uint8Array): void => fillBytes(worlds.forPower('crypto'), bytes, getBuiltin);
  const getRandomValues = <T>(view: T): T => {
    if (!ArrayBuffer.isView(view) || !INTEGER_VIEWS.has(String(Reflect.get(view, Symbol.toStringTag))))
      throw new TypeError('crypto.getRandomValues needs an array of integers.');
    if (view.byteLength > MAX_RANDOM_BYTES) throw new RangeError('crypto.getRandomValues gives at most 65536 bytes.');
    fill(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
    return view;
  };
  const randomUUID = (): string => {
    const bytes = new Uint8Array(16);
    fill(bytes);
    bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
    bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  };
  hide(globalThis, 'crypto', { getRandomValues, randomUUID });
}

function fillBytes(world: World, bytes: Uint8Array, getBuiltin: (id: string) => unknown): void {
  if (world.frozen) {
    for (let i = 0; i < bytes.length; i += 1) bytes[i] = world.secrets.word() >>> 24;
    return;
  }
  world.influences.add('random');
  // Loaded on first use: it costs more than the rest of the realm, and a frozen call never needs it.
  const crypto = getBuiltin('node:crypto');
  const fill: unknown =
    typeof crypto === 'object' && crypto !== null ? Reflect.get(crypto, 'randomFillSync') : undefined;
  if (typeof fill !== 'function') throw new Error('This runtime has no source of randomness.');
  Reflect.apply(fill, crypto, [bytes]);
}
