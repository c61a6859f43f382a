import type { ArtifactStore } from '@mex/artifacts';
import { type ArtifactManifest, MexError } from '@mex/envelope';
import type { FlightRecorder } from '@mex/flight-recorder';

/** Why something still needs an artifact. */
export type HoldCode =
  | 'OPERATION_RUNNING'
  | 'APPROVAL_OPEN'
  | 'CHANGE_REVERSIBLE'
  | 'GOVERNANCE_RECORD'
  | 'LOG_EVIDENCE';

/** What keeps an artifact from being collected, besides its pin and its age. */
export interface Holds {
  readonly heldBy: (artifact: ArtifactManifest) => HoldCode | undefined;
}

type Named = Pick<Map<string, HoldCode>, 'get' | 'set'>;

/** Artifact ids and content hashes in a text. What names something else by chance only holds too much. */
const NAMES = /[0-9a-f]{64}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/**
 * Looks up what needs artifacts at this moment: operations under way, approvals that are not over, changes of
 * workspaces that can be rolled back, and what the log must be able to show.
 */
export async function findHolds(recorder: FlightRecorder, store: ArtifactStore, now: number): Promise<Holds> {
  const named = new Map<string, HoldCode>();
  for (const text of runningOperations(recorder)) note(named, text, 'OPERATION_RUNNING');
  for (const text of openApprovals(recorder, now)) note(named, text, 'APPROVAL_OPEN');
  for (const { changeSet, snapshot } of reversibleChanges(recorder)) {
    note(named, `${changeSet} ${snapshot}`, 'CHANGE_REVERSIBLE');
    // Names the content of every file, before and after.
    note(named, await readText(store, snapshot), 'CHANGE_REVERSIBLE');
  }
  const [oldest] = recorder.list({ limit: 1 });
  const logBegins = oldest === undefined ? Number.POSITIVE_INFINITY : Date.parse(oldest.event.timestamp);
  return {
    heldBy: (artifact) =>
      named.get(artifact.artifact_id) ?? named.get(artifact.content_hash) ?? holdOfEvidence(artifact, logBegins),
  };
}

/**
 * Decisions, receipts and snapshots are evidence that no engine made: the log has their digests, and without them it
 * proves nothing. Evidence of an operation stays as long as the log still speaks of that operation.
 */
function holdOfEvidence({ layer, created_by, created_at }: ArtifactManifest, logBegins: number): HoldCode | undefined {
  if (layer !== 'evidence') return undefined;
  if (created_by.engine_id === undefined) return 'GOVERNANCE_RECORD';
  return Date.parse(created_at) >= logBegins ? 'LOG_EVIDENCE' : undefined;
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
