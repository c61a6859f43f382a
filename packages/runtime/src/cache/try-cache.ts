import { CODE_ENVIRONMENT } from '../environment.ts';
import type { Collected } from '../facts.ts';
import type { Grant } from '../grant.ts';
import type { OperationPowers } from '../operation.ts';
import type { Planned } from '../planned.ts';
import { cacheKey, isCacheable } from './cache-key.ts';
import { findCached } from './find-cached.ts';
import type { CacheMiss } from './keep-result.ts';
import { type CachedConclusion, concludeCached } from './serve-cached.ts';

/** `bypass`: the engine runs whatever is kept; its result is compared with the kept one, and takes its place. */
export type CacheUse = 'use' | 'bypass';

/** How the cache answered: `served`, or what recording the run has to know; neither where nothing may be cached. */
export interface CacheAnswer {
  readonly served?: CachedConclusion;
  readonly miss?: CacheMiss;
}

/** Asked when the grant is on the disk: a hit has passed every gate, and has spent what a run would have spent to start. */
export async function tryCache(
  planned: Planned,
  collected: Collected,
  grant: Grant,
  configHash: string,
  use: CacheUse,
  powers: OperationPowers,
): Promise<CacheAnswer> {
  const { cache } = powers;
  const { facts, inputs } = collected;
  if (cache === undefined || !facts.engine.found || !isCacheable(planned, grant)) return {};
  const { manifestSha256 } = facts.engine;
  const key = cacheKey(planned, { grant, manifestSha256, inputs, configHash, environment: CODE_ENVIRONMENT });
  if (use === 'bypass') return { miss: { key, refusal: undefined } };
  const { hit, refusal } = await findCached(key, configHash, powers.now(), { ...powers, cache });
  if (hit === undefined) return { miss: { key, refusal } };
  return { served: concludeCached(planned, collected, grant, configHash, hit, powers) };
}
