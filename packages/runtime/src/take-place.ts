import type { GateDenial } from '@mex/gates';
import { type GrantRecord, GrantRefused } from './at-grant.ts';
import type { QuotaRefusal, Reservation } from './quota.ts';

/**
 * What the host records with a grant, and the operation's place in the quota of the home: in one transaction, because
 * another process may have taken it between the gates and now.
 */
export function takePlace(reservation: Reservation, extra: GrantRecord | undefined, now: () => number): GrantRecord {
  return {
    events: extra?.events ?? [],
    companion: (db) => {
      const refusal = reservation.begin(now());
      if (refusal !== undefined) throw new GrantRefused(quotaDenial(refusal));
      extra?.companion(db);
    },
  };
}

/** As G-BUDGET says it when it sees it coming. */
function quotaDenial({ code, reason }: QuotaRefusal): GateDenial {
  const remedy = 'Try again later.';
  return { gate: 'G-BUDGET', code, kind: 'budget', reason, severity: 'error', remedy, retryable: true };
}
