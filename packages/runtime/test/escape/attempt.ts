import { readdirSync } from 'node:fs';
import type { FullBudget } from '@mex/envelope';

export const CLASSES = [
  'file system',
  'network',
  'process and native code',
  'environment',
  'host crash and hang',
  'cross-call contamination',
  'confused deputy',
] as const;
export type AttemptClass = (typeof CLASSES)[number];

/** The tiers that promise something. A realm broken open is tried by the attempts that say so. */
export type ProtectedTier = 'thread' | 'process';

/**
 * One attempt of an engine to do what it was not granted. It is judged from outside (`witness.ts`), never by what it
 * says of itself: it says `GOT …` only of authority that cannot be seen from outside, like a handle it holds.
 */
export interface Attempt {
  /** Unique in its class. */
  readonly name: string;
  /**
   * Body of `async (context, params, t, outside) => { … }`; `t` is a `Target`. What it returns becomes the summary, as
   * text. With `bare`, it is the operation itself, and returns what it likes.
   */
  readonly body: string;
  readonly bare?: true;
  /** Runs when the bundle is loaded, in an engine of its own. */
  readonly atLoad?: string;
  /** A later operation for another caller, instead of the usual one, */
  readonly probe?: string;
  /** and what a world that nobody touched answers; where it is absent, what the probe answered before the attempt. */
  readonly clean?: string;
  /** Gets, as `outside`, Node's own process and loaders, taken before the realm was made: the realm is broken open. */
  readonly brokenOpen?: true;
  /** WebAssembly modules that the manifest of its engine, then one of its own, names by digest. */
  readonly webAssembly?: readonly string[];
  /** The only tier where there is such a thing. */
  readonly only?: ProtectedTier;
  readonly budget?: Partial<FullBudget>;
  readonly capabilities?: readonly string[];
  /** Why it cannot be shown to do harm in an unprotected worker; without it the suite demands that it does. */
  readonly noControl?: string;
  /** Where it is not promised to be stopped, and why. The suite demands that it still does harm there. */
  readonly nonGuarantee?: Partial<Record<ProtectedTier, string>>;
  /** Where its harm comes and goes, so that a test of it would: why. It is not run there. */
  readonly untested?: Partial<Record<ProtectedTier, string>>;
}

export interface AttemptFile {
  readonly class: AttemptClass;
  readonly attempts: readonly Attempt[];
}

export interface Classified extends Attempt {
  readonly class: AttemptClass;
  /** Names its operation and its engine. */
  readonly id: string;
}

/** Every file in `attempts/`: a new attempt takes one file, or one entry in a file, and no registration. */
export async function loadAttempts(): Promise<readonly Classified[]> {
  const found: Classified[] = [];
  const folder = new URL('./attempts/', import.meta.url);
  for (const name of readdirSync(folder).sort()) {
    const file: { default?: AttemptFile } = await import(new URL(name, folder).href);
    if (file.default === undefined) throw new Error(`attempts/${name} has no default export`);
    for (const attempt of file.default.attempts)
      found.push({ ...attempt, class: file.default.class, id: `a${found.length}` });
  }
  const names = new Set(found.map(({ class: class_, name }) => `${class_} ${name}`));
  if (names.size !== found.length) throw new Error('two attempts have the same name');
  return found;
}
