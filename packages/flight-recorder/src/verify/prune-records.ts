import type { Frontier } from '../merkle/frontier.ts';
import type { Findings } from './report.ts';

/** What the log itself says about events that retention removed. */
export class PruneRecords {
  firstKept = 0;
  root = '';

  note(event: object): void {
    if (Reflect.get(event, 'type') !== 'system' || Reflect.get(event, 'subject') !== 'log.pruned') return;
    const body: unknown = Reflect.get(event, 'body');
    if (typeof body !== 'object' || body === null) return;
    const firstKept = Number(Reflect.get(body, 'first_kept'));
    if (!(firstKept >= this.firstKept)) return;
    this.firstKept = firstKept;
    this.root = String(Reflect.get(body, 'root_sha256'));
  }
}

/**
 * Events may be gone from the beginning only if an event that is still there, and signed, says so with the root of what
 * went. Otherwise anybody could shorten the log and call it retention.
 */
export function checkPruning(base: Frontier, records: PruneRecords, findings: Findings): void {
  if (base.size === records.firstKept && (base.size === 0 || hex(base) === records.root)) return;
  findings.add(
    'PRUNE_UNRECORDED',
    `The first ${base.size} events are gone, but the log records that ${records.firstKept} were removed by retention.`,
  );
}

function hex(tree: Frontier): string {
  return Buffer.from(tree.root()).toString('hex');
}
