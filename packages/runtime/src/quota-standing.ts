import type { DatabaseSync } from 'node:sqlite';
import {
  actorAccount,
  type CircuitState,
  circuitState,
  DEFAULT_QUOTA,
  engineAccount,
  type QuotaLimits,
} from './quota.ts';
import { QuotaTables } from './quota-tables.ts';

/** How an engine and its callers stand with quota and breaker, in all processes of a home (CONTRACT §9). */
export interface QuotaStanding {
  readonly circuit: {
    readonly state: CircuitState;
    /** In a row. */
    readonly failures: number;
    readonly opens_at_failures: number;
    readonly last_failure_at?: string;
    /** Since when it is not closed. */
    readonly since?: string;
    /** When one operation may try again. */
    readonly tries_again_at?: string;
    /** One is trying now; until it ends, the others are denied. */
    readonly probing?: true;
  };
  readonly limits: { readonly max_concurrent: number; readonly max_per_minute: number };
  readonly engine: AccountStanding;
  /** Callers with anything in use; what they use of all engines counts for them. */
  readonly actors: readonly (AccountStanding & { readonly actor_id: string })[];
}

export interface AccountStanding {
  readonly running: number;
  readonly started_in_minute: number;
}

/**
 * Reads what all processes of a home have written; also over a database that was opened for reading.
 * @param now ms since 1970
 */
export function readQuotaStanding(
  db: DatabaseSync,
  engineId: string,
  limits: Partial<QuotaLimits>,
  now: number,
): QuotaStanding {
  const { maxConcurrent, maxPerMinute, breakerThreshold, breakerCooldownMs } = { ...DEFAULT_QUOTA, ...limits };
  const tables = new QuotaTables(db);
  const circuit = tables.readCircuit(engineId);
  const { failures = 0, failedAt, openedAt, probe } = circuit ?? {};
  const state = circuitState(circuit, breakerCooldownMs, now);
  const accounts = [...tables.accounts(now)].map(
    ([account, { running, started }]) => [account, { running, started_in_minute: started }] as const,
  );
  const prefix = actorAccount('');
  return {
    circuit: {
      state,
      failures,
      opens_at_failures: breakerThreshold,
      ...(failedAt === undefined ? {} : { last_failure_at: timeOf(failedAt) }),
      ...(openedAt === undefined
        ? {}
        : { since: timeOf(openedAt), tries_again_at: timeOf(openedAt + breakerCooldownMs) }),
      ...(probe !== undefined && tables.isClaimedElsewhere(probe, now) ? { probing: true as const } : {}),
    },
    limits: { max_concurrent: maxConcurrent, max_per_minute: maxPerMinute },
    engine: new Map(accounts).get(engineAccount(engineId)) ?? { running: 0, started_in_minute: 0 },
    actors: accounts
      .filter(
        ([account, { running, started_in_minute }]) => account.startsWith(prefix) && running + started_in_minute > 0,
      )
      .map(([account, use]) => ({ actor_id: account.slice(prefix.length), ...use }))
      .toSorted((a, b) => (a.actor_id < b.actor_id ? -1 : 1)),
  };
}

function timeOf(at: number): string {
  return new Date(at).toISOString();
}
