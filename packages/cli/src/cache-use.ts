import type { CacheUse } from '@mex/runtime';
import { type Invocation, type OptionSpec, optionFlag } from './command.ts';

/** `--no-cache`: the engines run, whatever results are kept. */
export const NO_CACHE: OptionSpec = {
  name: 'no-cache',
  kind: 'flag',
  help: 'run the engines, whatever results of earlier operations are kept',
};

export function cacheUse(invocation: Invocation): CacheUse {
  return optionFlag(invocation, NO_CACHE.name) ? 'bypass' : 'use';
}
