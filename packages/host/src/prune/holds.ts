import type { ArtifactStore } from '@mex/artifacts';
import { type ArtifactManifest, MexError } from '@mex/envelope';
import type { FlightRecorder } from '@mex/flight-recorder';
import { type PruneTerms, windowOf } from './verify-report.ts';

/** Why something still needs an artifact. */
export type HoldCode =
  | 'OPERATION_RUNNING'
  | 'APPROVAL_OPEN'
  | 'CHANGE_REVERSIBLE'
  | 'GOVERNANCE_RECORD'
  | 'SERVED_AGAIN'
  | 'LOG_EVIDENCE';

/** What keeps an artifact from being collected, besides its pin and its age. */
export interface Holds {
  readonly heldBy: (artifact: ArtifactManifest) => HoldCode | undefined;
}

type Named = Pick<Map<string, HoldCode>, 'get' | 'set'>;

/** Artifact ids and content hashes in a text. What names something else by chance only holds too much. */
const NAMES = /[0-9a-f]{64}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

const DAY_MS = 86_400_000;

/**
 * Looks up what needs artifacts at this moment: operations under way, approvals that are not over, changes of
 * workspaces that can be rolled back, results that were served again, and what the log must be able to show.
 */
export async function findHolds(
  recorder: FlightRecorder,
  store: ArtifactStore,
  terms: Pick<PruneTerms, 'now' | 'retentionDays'>,
): Promise<Holds> {
  const named = new Map<string, HoldCode>();
  for (const text of runningOperations(recorder)) note(named, text, 'OPERATION_RUNNING');
  for (const text of openApprovals(recorder, Date.now())) note(named, text, 'APPROVAL_OPEN');
  for (const { changeSet, snapshot } of reversibleChanges(recorder)) {
    note(named, `${changeSet} ${snapshot}`, 'CHANGE_REVERSIBLE');
    // Names the content of every file, before and after.
    note(named, await readText(store, snapshot), 'CHANGE_REVERSIBLE');
  }
  const served = servedAgain(recorder);
  const [oldest] = recorder.list({ limit: 1 });
  const logBegins = oldest === undefined ? Number.POSITIVE_INFINITY : Date.parse(oldest.event.timestamp);
  return {
    heldBy: (artifact) =>
      named.get(artifact.artifact_id) ??
      named.get(artifact.content_hash) ??
      holdOfResult(artifact, served.get(artifact.created_by.op_id ?? ''), logBegins, terms),
  };
}

/**
 * Decisions, receipts and snapshots are evidence that no engine made: the log has their digests, and without them it
 * proves nothing. Evidence of an operation stays as long as the log still speaks of that operation, or of one that was
 * answered with it; other artifacts of it have their whole window from when they last were an answer.
 */
function holdOfResult(
  artifact: ArtifactManifest,
  servedAt: number | undefined,
  logBegins: number,
  { now, retentionDays }: Pick<PruneTerms, 'now' | 'retentionDays'>,
): HoldCode | undefined {
  const { layer, created_by, created_at } = artifact;
  if (layer === 'evidence') {
    if (created_by.engine_id === undefined) return 'GOVERNANCE_RECORD';
    return servedAt !== undefined || Date.parse(created_at) >= logBegins ? 'LOG_EVIDENCE' : undefined;
  }
  const days = windowOf(artifact, retentionDays);
  return servedAt === undefined || days === undefined || now - servedAt >= days * DAY_MS ? undefined : 'SERVED_AGAIN';
}

/** When the results of operations last were answers of others (CONTRACT §4 `cached_from`), by op_id, in ms since 1970. */
function servedAgain({ database }: FlightRecorder): Map<string, number> {
  const sql = `SELECT json_extract(payload, '$.body.cached_from') AS op_id, max(timestamp) AS served_at FROM events
    WHERE type = 'system' AND subject = 'engine.run' AND instr(payload, '"cached_from"') > 0 GROUP BY op_id`;
  const rows = database.prepare(sql).all();
  return new Map(rows.map(({ op_id, served_at }) => [String(op_id), Number(served_at)]));
}

function note(named: Named, text: string, code: HoldCode): void {
  for (const [name] of text.matchAll(NAMES)) named.set(name, code);
}

function hasTable({ database }: FlightRecorder, name: string): boolean {
  return database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(name) !== undefined;
}

/** Of processes that are alive, or died and were not cleaned up after. */
function runningOperations(recorder: FlightRecorder): string[] {
  if (!hasTable(recorder, 'operation_results')) return [];
  const sql = `SELECT o.request FROM operations o LEFT JOIN operation_results r USING (seq)
    WHERE r.seq IS NULL AND o.seq >= (SELECT coalesce(min(first_seq), 0) FROM operation_owners)`;
  return recorder.database
    .prepare(sql)
    .all()
    .map((row) => String(row['request']));
}

function openApprovals(recorder: FlightRecorder, now: number): string[] {
  if (!hasTable(recorder, 'governance_decisions')) return [];
  const sql = `SELECT subject, detail FROM governance_decisions
    WHERE state IN ('open', 'approved') AND spent = 0 AND expires_at > ?`;
  return recorder.database
    .prepare(sql)
    .all(now)
    .map(({ subject, detail }) => `${String(subject)} ${String(detail)}`);
}

function reversibleChanges(recorder: FlightRecorder): { changeSet: string; snapshot: string }[] {
  if (!hasTable(recorder, 'run_changes')) return [];
  const sql = "SELECT change_set_sha256, snapshot_sha256 FROM run_changes WHERE state IN ('active', 'applied')";
  return recorder.database
    .prepare(sql)
    .all()
    .map((row) => ({ changeSet: String(row['change_set_sha256']), snapshot: String(row['snapshot_sha256']) }));
}

async function readText(store: ArtifactStore, sha256: string): Promise<string> {
  try {
    return Buffer.from(await store.get(sha256)).toString();
  } catch (error) {
    // Gone or damaged: whoever rolls back says so; there is nothing more to hold.
    if (error instanceof MexError) return '';
    throw error;
  }
}
