import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type QuotaStanding, readQuotaStanding } from '@mex/runtime';
import type { Invocation } from './command.ts';
import { readPolicyState } from './doctor/policy-state.ts';
import { logFile, openLog } from './home.ts';
import { bold, dim, green, type Piece, red, yellow } from './output/style.ts';
import type { Terminal } from './output/terminal.ts';
import { plural } from './output/units.ts';

/** What all processes that share this home have recorded of an engine's quota and circuit, now. */
export async function quotaStanding(invocation: Invocation, engineId: string): Promise<QuotaStanding> {
  const { policy } = await readPolicyState(resolve(invocation.home));
  if (!existsSync(logFile(invocation))) return readNothing(engineId, policy.quota);
  const recorder = await openLog(invocation);
  try {
    return readQuotaStanding(recorder.database, engineId, policy.quota, Date.now());
  } finally {
    await recorder.close();
  }
}

/** A home in which nothing was recorded yet. */
function readNothing(engineId: string, limits: Parameters<typeof readQuotaStanding>[2]): QuotaStanding {
  const db = new DatabaseSync(':memory:');
  try {
    return readQuotaStanding(db, engineId, limits, Date.now());
  } finally {
    db.close();
  }
}

/** Circuit and quota in words. */
export function printQuota(terminal: Terminal, { circuit, limits, engine, actors }: QuotaStanding): void {
  const { max_concurrent, max_per_minute } = limits;
  terminal.line(bold('Circuit'), '  ', circuitPiece(circuit.state), dim(`  ${circuitWords(circuit)}`));
  terminal.line(bold('In use'), dim('   in all processes that share this home'));
  const rows = [['engine', engine] as const, ...actors.map((actor) => [`actor ${actor.actor_id}`, actor] as const)];
  terminal.table(
    rows.map(([name, { running, started_in_minute }]): Piece[] => [
      name,
      `${running} of ${max_concurrent} at once`,
      `${started_in_minute} of ${max_per_minute} in this minute`,
    ]),
    { indent: 2 },
  );
}

function circuitPiece(state: QuotaStanding['circuit']['state']): Piece {
  if (state === 'closed') return green(state);
  return state === 'open' ? red(state) : yellow(state);
}

function circuitWords({ state, failures, opens_at_failures, ...times }: QuotaStanding['circuit']): string {
  const row = `${plural(failures, 'failure')} in a row`;
  if (state === 'closed') {
    const last = times.last_failure_at === undefined ? '' : `, the last at ${times.last_failure_at}`;
    return `${row}${last}; it opens at ${opens_at_failures}`;
  }
  const since = `${row}, since ${times.since}`;
  if (state === 'open') return `${since}; denied until ${times.tries_again_at}, then one may try`;
  return times.probing === true ? `${since}; one operation is trying now` : `${since}; the next operation may try`;
}
