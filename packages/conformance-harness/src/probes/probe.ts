import type { LoadedVector } from '@mex/engine-sdk/testing';
import type { Implementation } from '@mex/envelope';
import type { Chance } from '../chance.ts';
import { type EngineUnderTest, implementationOf, operationOf } from '../engine-under-test.ts';
import type { Lab } from '../lab/lab.ts';
import type { Observation } from '../lab/observation.ts';
import type { Finding } from '../report.ts';
import type { AreaCase } from '../requirement-set.ts';

/** What a probe writes down. */
export interface CheckLog {
  /** Counts a comparison, and keeps the finding where it did not hold. */
  readonly check: (held: boolean, finding: () => PartialFinding) => void;
  /** Nothing of this engine can be measured by the case, for this reason. Only where nothing was checked. */
  readonly notApplicable: (reason: string) => void;
}

/** `remedy` defaults to the one of the case. */
export interface PartialFinding {
  readonly what: string;
  readonly where?: Finding['where'];
  readonly remedy?: string;
}

/** What a probe works with. */
export interface Bench {
  readonly engine: EngineUnderTest;
  readonly case: AreaCase;
  /** What the engine cannot have known. */
  readonly chance: Chance;
  readonly log: CheckLog;
}

export interface TierBench extends Bench {
  readonly lab: Lab;
}

export interface TiersBench extends Bench {
  readonly labs: readonly Lab[];
}

/** `package`: looks at files. `tier`: once in each tier. `tiers`: compares them. */
export type Probe =
  | { readonly scope: 'package'; readonly run: (bench: Bench) => void }
  | { readonly scope: 'tier'; readonly run: (bench: TierBench) => Promise<void> }
  | { readonly scope: 'tiers'; readonly run: (bench: TiersBench) => Promise<void> };

export const packageProbe = (run: (bench: Bench) => void): Probe => ({ scope: 'package', run });
export const tierProbe = (run: (bench: TierBench) => Promise<void>): Probe => ({ scope: 'tier', run });
export const tiersProbe = (run: (bench: TiersBench) => Promise<void>): Probe => ({ scope: 'tiers', run });

/** Where something was seen. */
export function placeOf({ lab }: Pick<TierBench, 'lab'>, vector: LoadedVector, at?: string): Finding['where'] {
  const { operation } = vector.document;
  return { tier: lab.tier, operation, vector: vector.name, ...(at === undefined ? {} : { at }) };
}

export function goldenVectors({ vectors }: EngineUnderTest): LoadedVector[] {
  return vectors.filter(({ kind }) => kind === 'golden');
}

export function rejectVectors({ vectors }: EngineUnderTest): LoadedVector[] {
  return vectors.filter(({ kind }) => kind === 'reject');
}

/** A vector, and how it ended undisturbed. */
export interface Representative {
  readonly vector: LoadedVector;
  readonly baseline: Observation;
}

/**
 * One golden vector for each operation, for what is run many times: the one whose run makes the most kinds of calls, of
 * those the one with the fewest. What an external program does costs a process each time: where the engine does an
 * operation itself, that is what stands for it.
 */
export async function representatives(bench: TierBench): Promise<Representative[]> {
  const all = await implementedRepresentatives(bench);
  const own = new Set(all.filter(({ kind }) => kind === 'builtin').map(({ vector }) => vector.document.operation));
  return all.filter(({ kind, vector }) => kind === 'builtin' || !own.has(vector.document.operation));
}

/** One golden vector for each operation by each implementation, those of the engine itself first. */
export async function implementedRepresentatives({
  engine,
  lab,
}: TierBench): Promise<(Representative & { readonly kind: Implementation['kind'] })[]> {
  const best = new Map<string, Representative & { kind: Implementation['kind']; kinds: number; calls: number }>();
  for (const vector of goldenVectors(engine)) {
    const { id, kind = 'builtin' } = implementationOf(engine.manifest, vector) ?? {};
    const baseline = await lab.baseline(vector);
    const { calls } = baseline.sighting;
    const kinds = new Set(calls.map(({ call }) => call)).size;
    const key = JSON.stringify([vector.document.operation, id]);
    const known = best.get(key);
    const isBetter =
      known === undefined || kinds > known.kinds || (kinds === known.kinds && calls.length < known.calls);
    if (isBetter) best.set(key, { vector, baseline, kind, kinds, calls: calls.length });
  }
  return [...best.values()].toSorted((a, b) => Number(a.kind === 'external') - Number(b.kind === 'external'));
}

/** Golden vectors that run at a level with frozen time: D2 or D3. */
export function frozenVectors(engine: EngineUnderTest): LoadedVector[] {
  return goldenVectors(engine).filter((vector) => {
    const level = vector.document.determinism ?? operationOf(engine, vector)?.determinism_ceiling;
    return level === 'D2' || level === 'D3';
  });
}

/** At most `most` of them, spread evenly; the first and the last are among them. */
export function spread<T>(items: readonly T[], most: number): T[] {
  if (items.length <= most) return [...items];
  const step = (items.length - 1) / Math.max(1, most - 1);
  const picked = Array.from({ length: most }, (_, at) => items[Math.round(at * step)]);
  return picked.filter((item) => item !== undefined);
}

/** A whole number of `with` of a case. */
export function numberOf(bench: Bench, name: string): number {
  const value = bench.case.with[name];
  if (typeof value === 'number') return value;
  throw new Error(`${bench.case.id}: with.${name} is no number`);
}

/** A text of `with` or `expect` of a case. */
export function textOf(values: Readonly<Record<string, unknown>>, name: string): string {
  const value = values[name];
  if (typeof value === 'string') return value;
  throw new Error(`a case needs the text "${name}"`);
}
