import { MexError } from '@mex/envelope';
import type { RegisteredEngine, Registry } from '@mex/registry';
import { suggest } from './suggest.ts';

/** The newest version of an engine. @throws MexError `ENGINE_UNKNOWN`, `ENGINE_DISABLED`, with the nearest id */
export function findEngine(registry: Registry, id: string): RegisteredEngine {
  const { engine, error } = registry.resolve(id);
  if (engine !== undefined) return engine;
  const near = suggest(
    id,
    registry.engines.map((known) => known.manifest.engine_id),
  );
  throw new MexError(near === undefined ? error : { ...error, remedy: `Did you mean: ${near}` });
}
