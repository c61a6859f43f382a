import type { FlightEvent, PlannedOperation } from '@mex/envelope';
import type { Companion } from '@mex/flight-recorder';
import type { GateDenial } from '@mex/gates';
import type { Caller } from './planned.ts';

/** What is recorded together with a grant, or not at all. */
export interface GrantRecord {
  readonly events: readonly FlightEvent[];
  /** Writes rows in the transaction of the grant. Synchronous; throws {@link GrantRefused} to deny the operation. */
  readonly companion: Companion;
}

/**
 * Asked when all gates have passed and nothing is recorded yet: what an approval is spent on is granted, and nothing else
 * (CONTRACT §12).
 */
export type AtGrant = (
  operation: PlannedOperation,
  caller: Caller | undefined,
) => GrantRecord | undefined | Promise<GrantRecord | undefined>;

/** What a grant was to be recorded with no longer holds: the operation is denied, and nothing of the grant is written. */
export class GrantRefused extends Error {
  readonly denial: GateDenial;
  constructor(denial: GateDenial) {
    super(denial.reason);
    this.name = 'GrantRefused';
    this.denial = denial;
  }
}
