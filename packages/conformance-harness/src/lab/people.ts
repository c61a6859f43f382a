import type { Caller } from '@mex/runtime';

/** Who gives consents in the homes of a certification. */
export const OPERATOR = { id: 'conformance:operator', kind: 'human' } as const;

/** Who sends operations: one whose sandbox has served before. */
export const REGULAR: Caller = { id: 'conformance:regular', kind: 'system' };

/** A caller whom no sandbox has served yet, so that the next operation gets a fresh one. */
export function newcomer(count: number): Caller {
  return { id: `conformance:newcomer-${count}`, kind: 'system' };
}
