import { types } from 'node:util';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { getterOf, hide, isObject, methodOf, replaceConstructor } from './object.ts';

/** Bytes of array buffers, which no heap limit of V8 counts (CONTRACT §9 `memory_bytes`). */
export interface BufferLedger {
  /** Announces bytes about to be allocated. @throws RangeError over the limit. */
  readonly charge: (bytes: number) => void;
  /**
   * Counts bytes that V8 does not, for as long as `owner` is alive: by an array buffer of as many, which nobody touches
   * and which goes with it. @throws RangeError over the limit.
   */
  readonly hold: (owner: object, bytes: number) => void;
  readonly memory: () => { current: number; peak: number; exceeded: boolean };
}

/** V8 is asked for the true figure after this many announced bytes: freed memory shows only there. */
const MEASURE_EVERY_BYTES = 1024 * 1024;

export function createBufferLedger(limitNow: () => number): BufferLedger {
  const measure = (): number => getHeapStatistics().external_memory;
  const baseline = measure();
  let live = 0;
  let recent = 0;
  let peak = 0;
  let exceeded = false;
  const ballast = new WeakMap<object, ArrayBuffer>();
  const now = (): number => Math.max(0, measure() - baseline);

  const settle = (bytes: number, limit: number): void => {
    live = now();
    // What is young and short-lived first: that takes a fraction of a millisecond.
    for (const type of ['minor', 'major'] as const) {
      if (live + bytes <= limit) break;
      collectGarbage(type);
      live = now();
    }
    recent = bytes;
    peak = Math.max(peak, live + bytes);
    if (live + bytes <= limit) return;
    recent = 0;
    exceeded = true;
    throw new RangeError('Array buffer allocation failed: the memory budget of the operation is used up.');
  };

  const charge = (bytes: number): void => {
    if (!(bytes > 0)) return;
    recent += bytes;
    const limit = limitNow();
    if (recent > MEASURE_EVERY_BYTES || recent > limit / 8 || live + recent > limit) settle(bytes, limit);
    else peak = Math.max(peak, live + recent);
  };

  return {
    charge,
    hold(owner, bytes) {
      charge(bytes);
      ballast.set(owner, new NativeBuffer(bytes));
    },
    memory() {
      const current = now();
      return { current, peak: Math.max(peak, current), exceeded };
    },
  };
}

/** There where the flag is set for the whole process, e.g. by a thread that was ended between the two lines below. */
let collector: unknown = Reflect.get(globalThis, 'gc');

/** Only at the limit, before an engine is refused memory that it has already let go. */
function collectGarbage(type: 'minor' | 'major'): void {
  if (collector === undefined) {
    setFlagsFromString('--expose-gc');
    collector = runInNewContext('gc');
    setFlagsFromString('--no-expose-gc');
  }
  if (typeof collector !== 'function') return;
  // Array buffers are freed behind the collection; the next one waits for that.
  for (let pass = 0; pass < 2; pass += 1) Reflect.apply(collector, undefined, [{ type }]);
}

const TYPED_ARRAYS = [
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'BigInt64Array',
  'BigUint64Array',
  'Float16Array',
  'Float32Array',
  'Float64Array',
];

const TypedArray = Object.getPrototypeOf(Uint8Array);
const viewBytes = getterOf(TypedArray.prototype, 'byteLength');
const viewLength = getterOf(TypedArray.prototype, 'length');
const NativeBuffer = ArrayBuffer;
const bufferBytes = getterOf(ArrayBuffer.prototype, 'byteLength');
const isResizable = getterOf(ArrayBuffer.prototype, 'resizable');
const maxBytes = getterOf(ArrayBuffer.prototype, 'maxByteLength');

/** Puts every constructor and method that allocates array buffer memory under the ledger. */
export function installBufferAccounting(ledger: BufferLedger): void {
  for (const name of TYPED_ARRAYS) {
    const native: unknown = Reflect.get(globalThis, name);
    if (typeof native === 'function') hide(globalThis, name, wrapTypedArray(native, ledger.charge));
  }
  wrapArrayBuffer(ledger);
  for (const name of ['toSorted', 'toReversed', 'with']) {
    const method = methodOf(TypedArray.prototype, name);
    const charged = {
      [name](this: unknown, ...args: unknown[]): unknown {
        ledger.charge(Number(Reflect.apply(viewBytes, this, [])));
        return Reflect.apply(method, this, args);
      },
    };
    hide(TypedArray.prototype, name, charged[name]);
  }
}

// biome-ignore lint: the constructor of an intrinsic is a bare function
function wrapTypedArray(native: Function, charge: (bytes: number) => void): Function {
  const unit = Number(Reflect.get(native, 'BYTES_PER_ELEMENT'));
  function Counted(this: unknown, first?: unknown, offset?: unknown, length?: unknown): unknown {
    if (new.target === undefined) throw new TypeError(`Constructor ${native.name} requires 'new'`);
    const target = new.target === Counted ? native : new.target;
    if (typeof first === 'number') {
      charge(first * unit);
      return Reflect.construct(native, [first], target);
    }
    if (!isObject(first)) return Reflect.construct(native, [first], target);
    if (types.isAnyArrayBuffer(first)) return Reflect.construct(native, [first, offset, length], target);
    const expected = expectedLength(first) * unit;
    charge(expected);
    const made: unknown = Reflect.construct(native, [first], target);
    charge(Number(Reflect.apply(viewBytes, made, [])) - expected);
    return made;
  }
  replaceConstructor(native, Counted);
  for (const name of ['fromBase64', 'fromHex']) chargeDecoder(Counted, name, charge);
  return Counted;
}

/** A length that is true for arrays and views. An iterable or a proxy may lie: what it made is charged afterwards. */
function expectedLength(source: object): number {
  if (types.isTypedArray(source)) return Number(Reflect.apply(viewLength, source, []));
  return Array.isArray(source) && !types.isProxy(source) ? source.length : 0;
}

// biome-ignore lint: the constructor of an intrinsic is a bare function
function chargeDecoder(constructor: Function, name: string, charge: (bytes: number) => void): void {
  const decode: unknown = Reflect.get(constructor, name);
  if (typeof decode !== 'function') return;
  const charged = {
    [name](text: unknown, options?: unknown): unknown {
      if (typeof text === 'string') charge(text.length / 2);
      return Reflect.apply(decode, constructor, [text, options]);
    },
  };
  hide(constructor, name, charged[name]);
}

/** A resizable buffer has its pages to itself, and an address space that is not free either. */
const PAGE_BYTES = 4_096;
const ADDRESSES_PER_BYTE = 1_024;

function wrapArrayBuffer({ charge, hold }: BufferLedger): void {
  const Native = ArrayBuffer;
  const holdPages = (made: unknown): unknown => {
    if (!types.isArrayBuffer(made) || Reflect.apply(isResizable, made, []) !== true) return made;
    hold(made, PAGE_BYTES + Math.floor(Number(Reflect.apply(maxBytes, made, [])) / ADDRESSES_PER_BYTE));
    return made;
  };
  function CountedBuffer(this: unknown, length?: unknown, options?: unknown): unknown {
    if (new.target === undefined) throw new TypeError("Constructor ArrayBuffer requires 'new'");
    const bytes = Number(length ?? 0);
    charge(bytes);
    return holdPages(Reflect.construct(Native, [bytes, options], new.target === CountedBuffer ? Native : new.target));
  }
  replaceConstructor(Native, CountedBuffer);
  hide(globalThis, 'ArrayBuffer', CountedBuffer);
  for (const name of ['resize', 'transfer', 'transferToFixedLength']) {
    const method = methodOf(Native.prototype, name);
    const charged = {
      [name](this: unknown, length?: unknown): unknown {
        const before = Number(Reflect.apply(bufferBytes, this, []));
        const bytes = length === undefined ? before : Number(length);
        charge(bytes - before);
        return holdPages(Reflect.apply(method, this, name === 'resize' || length !== undefined ? [bytes] : []));
      },
    };
    hide(Native.prototype, name, charged[name]);
  }
}
