/** A stream of random numbers that is a function of its seed: xoshiro128**. Not secret. */
export interface RandomStream {
  /** 32 bits, unsigned. */
  readonly word: () => number;
  /** In [0, 1), 53 bits. */
  readonly fraction: () => number;
}

/** `purpose` keeps streams of one seed apart. */
export function createRandomStream(seed: string, purpose: string): RandomStream {
  let state: Uint32Array | undefined;
  // Most operations never ask, and every operation has two streams.
  const word = (): number => {
    state ??= seeded(`${purpose}\u0000${seed}`);
    return nextWord(state);
  };
  return { word, fraction: () => ((word() >>> 5) * 0x4000000 + (word() >>> 6)) / 0x20000000000000 };
}

function seeded(text: string): Uint32Array {
  const state = new Uint32Array(4);
  for (let i = 0; i < 4; i += 1) state[i] = digestWord(text, i + 1);
  return state;
}

/** FNV-1a with a basis per word and a closing avalanche: enough to spread a seed, not a cryptographic digest. */
function digestWord(text: string, salt: number): number {
  let hash = Math.imul(0x811c9dc5, salt * 2 + 1);
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0 || salt;
}

function nextWord(state: Uint32Array): number {
  const [s0 = 0, s1 = 0, s2 = 0, s3 = 0] = state;
  const result = Math.imul(rotate(Math.imul(s1, 5), 7), 9) >>> 0;
  const c = s2 ^ s0;
  const d = s3 ^ s1;
  state[0] = s0 ^ d;
  state[1] = s1 ^ c;
  state[2] = c ^ (s1 << 9);
  state[3] = rotate(d, 11);
  return result;
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
