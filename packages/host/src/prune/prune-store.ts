import type { ArtifactStore, Removal } from '@mex/artifacts';
import {
  type ArtifactHandle,
  type ArtifactManifest,
  canonicalBytes,
  type EngineResult,
  parseStrictJson,
} from '@mex/envelope';
import { type ArtifactInventory, type PruneReport, RETENTION_CHECKERS } from '@mex/envelope/retention';
import type { FlightRecorder } from '@mex/flight-recorder';
import type { Registry } from '@mex/registry';
import type { Caller } from '@mex/runtime';
import { planOperation } from '../plan.ts';
import { stampHost } from '../record-start.ts';
import { findHolds, type Holds } from './holds.ts';
import { DEFAULT_DAYS, DEFAULT_MIN_VERSIONS, type RetentionPolicy } from './retention-policy.ts';
import { takeInventory } from './take-inventory.ts';
import { type PruneTerms, verifyReport } from './verify-report.ts';

const JANITOR = 'engine.janitor';
const PRUNE = 'prune';
const REPORT = 'prune-report.json';
const MIB = 1024 * 1024;
const DAY_MS = 86_400_000;
const NOTHING = { sweptBytes: 0, forgottenResults: 0 } as const;
const JSON_BOUNDS = { maxBytes: 256 * MIB, maxKeys: 8_000_000 };
const CANONICAL = { maxChars: 128 * MIB };

export interface PruneRequest {
  /** Judges and reports, removes nothing. */
  readonly dryRun?: boolean;
  /** The moment that ages are measured at, ms since 1970; default now. */
  readonly now?: number;
  /** Default: the policy of the home. */
  readonly policy?: RetentionPolicy;
}

/** What became of a collection. */
export interface Pruned {
  /** Of the operation; unless it succeeded, nothing was removed. */
  readonly result: EngineResult;
  readonly report?: PruneReport;
  readonly inventory: ArtifactInventory;
  readonly removal?: Removal;
  /** Of files that an earlier collection or a put left when they were killed. */
  readonly sweptBytes: number;
  /** Kept results that will not be served again (CONTRACT §6). */
  readonly forgottenResults: number;
}

/** What a collection needs of its host. */
export interface PrunePowers {
  readonly artifacts: ArtifactStore;
  readonly recorder: FlightRecorder;
  readonly registry: Registry;
  readonly caller: Caller;
  readonly policy: RetentionPolicy;
  readonly execute: (operation: object) => Promise<EngineResult>;
  /** Forgets kept results older than a moment, in ms since 1970; says how many. */
  readonly pruneCache: (before: number) => Promise<number>;
}

/**
 * Collects what is past its time (CONTRACT §5): takes stock, has the janitor judge it, checks its report, looks again at
 * what needs what, removes, and says so. The report is in the store before anything is removed. Ended at any moment it
 * leaves a store that verifies; the next collection goes on.
 * @throws MexError `ENGINE_UNKNOWN` without a janitor, `PRUNE_REPORT_REFUSED`, and those of store and recorder
 */
export async function pruneStore(request: PruneRequest, powers: PrunePowers): Promise<Pruned> {
  const { artifacts, recorder } = powers;
  const terms = termsOf(request, powers.policy);
  const inventory = await takeInventory(artifacts, await findHolds(recorder, artifacts, terms), terms.now);
  const handle = await keepInventory(artifacts, inventory, powers.caller);
  const result = await powers.execute(planPrune(powers.registry, handle, terms));
  const output = result.outputs.find(({ name }) => name === REPORT);
  if (result.status !== 'succeeded' || output === undefined) return { result, inventory, ...NOTHING };
  const report = await readReport(artifacts, output);
  verifyReport(report, inventory, handle.sha256, terms);
  if (terms.dryRun) return { result, inventory, report, ...NOTHING };
  const removal = await removeInPieces(report, terms, powers);
  const sweptBytes = await artifacts.sweepOrphans();
  await recordSummary(powers, output, report, removal, sweptBytes);
  const { cache = Number.POSITIVE_INFINITY } = terms.retentionDays;
  const forgottenResults = await powers.pruneCache(Math.max(0, terms.now - cache * DAY_MS));
  return { result, inventory, report, removal, sweptBytes, forgottenResults };
}

/** So many are removed on the word of one look at what needs what. */
const PIECE = 5_000;

/** Meanwhile an approval may have been asked for, or an operation begun: it is looked at again before every piece. */
async function removeInPieces(
  report: PruneReport,
  terms: PruneTerms,
  { artifacts, recorder }: PrunePowers,
): Promise<Removal> {
  const ids = report.pruned.map(({ artifact_id }) => artifact_id);
  const pieces: Removal[] = [];
  for (let from = 0; from < ids.length; from += PIECE) {
    const holds = await findHolds(recorder, artifacts, terms);
    pieces.push(await artifacts.remove(ids.slice(from, from + PIECE), mayGo(report, holds)));
  }
  return {
    removed: pieces.flatMap(({ removed }) => removed),
    spared: pieces.flatMap(({ spared }) => spared),
    bytesFreed: pieces.reduce((sum, { bytesFreed }) => sum + bytesFreed, 0),
  };
}

function termsOf({ dryRun = false, now = Date.now(), policy }: PruneRequest, ofHome: RetentionPolicy): PruneTerms {
  const { days = {}, minVersions = DEFAULT_MIN_VERSIONS } = policy ?? ofHome;
  return { dryRun, now, retentionDays: { ...DEFAULT_DAYS, ...days }, minVersions };
}

/** A log of what there was: it goes the way of logs. */
function keepInventory(store: ArtifactStore, inventory: ArtifactInventory, caller: Caller): Promise<ArtifactHandle> {
  return store.put(canonicalBytes(inventory, CANONICAL), {
    kind: 'file',
    mime: 'application/json',
    layer: 'log',
    name: 'inventory.json',
    created_by: { actor_id: caller.id },
    retention_ttl_days: 30,
  });
}

function planPrune(registry: Registry, inventory: ArtifactHandle, terms: PruneTerms) {
  const { now, retentionDays, minVersions, dryRun } = terms;
  return planOperation(registry, {
    engineId: JANITOR,
    operation: PRUNE,
    inputs: [inventory],
    params: {
      now: new Date(now).toISOString(),
      retention_days: { ...retentionDays },
      min_versions: minVersions,
      dry_run: dryRun,
    },
  });
}

async function readReport(store: ArtifactStore, handle: ArtifactHandle): Promise<PruneReport> {
  return RETENTION_CHECKERS.pruneReport.parse(
    parseStrictJson(await store.get(handle), JSON_BOUNDS),
    'The prune report',
  );
}

/** Asked inside the transaction that removes. */
function mayGo({ pruned }: PruneReport, holds: Holds): (manifest: ArtifactManifest) => boolean {
  const known = new Map(pruned.map((line) => [line.artifact_id, line]));
  return (manifest) => {
    const line = known.get(manifest.artifact_id);
    const same = line?.sha256 === manifest.content_hash && line.created_at === manifest.created_at;
    return same && holds.heldBy(manifest) === undefined;
  };
}

async function recordSummary(
  { recorder, caller }: PrunePowers,
  report: ArtifactHandle,
  { totals }: PruneReport,
  { removed, spared, bytesFreed }: Removal,
  sweptBytes: number,
): Promise<void> {
  const pinnedMeanwhile = spared.filter(({ reason }) => reason === 'pinned').length;
  await recorder.append([
    {
      ...stampHost(caller),
      type: 'system',
      subject: 'meta.gc_summary',
      body: {
        report,
        scanned: totals.scanned,
        pruned: removed.length,
        spared_by_pin: totals.pinned + pinnedMeanwhile,
        spared_by_window: totals.window,
        bytes_freed: bytesFreed + sweptBytes,
      },
    },
  ]);
}
