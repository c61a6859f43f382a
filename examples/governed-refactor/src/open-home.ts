import { DEFAULT_POLICY, type Host, openHost } from '@mex/host';
import { PLANNER } from './planner.ts';

/** A person who may approve; in a product this is whoever is logged in. */
export const ADA = { id: 'os:ada', kind: 'human' } as const;

/** Opens the home. What a process that died left half done is cleaned up here. */
export function openHome(home: string): Promise<Host> {
  return openHost({ home, policy: DEFAULT_POLICY, caller: PLANNER });
}
