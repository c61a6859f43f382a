import { MexError } from '@mex/envelope';
import type { Chance } from './chance.ts';
import { CaseLog } from './check-log.ts';
import type { EngineUnderTest } from './engine-under-test.ts';
import type { Lab } from './lab/lab.ts';
import { missingNeed } from './needs.ts';
import { PROBES } from './probes/probe-table.ts';
import type { CaseResult, CaseStatus } from './report.ts';
import type { CertifiedTier } from './request.ts';
import type { AreaCase, Requirements } from './requirement-set.ts';

/** What cases are run with. */
export interface CaseRun {
  readonly engine: EngineUnderTest;
  readonly labs: readonly Lab[];
  readonly chance: Chance;
  readonly expectedFailures: Requirements['expectedFailures'];
  readonly signal: AbortSignal | undefined;
  readonly onTier: (one: AreaCase, tier: CertifiedTier | undefined) => void;
  /** Results so far, by id. */
  readonly results: ReadonlyMap<string, CaseResult>;
}

/** Runs one case in every tier it is for, or says why not. @throws the reason of `signal` */
export async function runCase(one: AreaCase, run: CaseRun): Promise<CaseResult> {
  run.signal?.throwIfAborted();
  const tiers = run.labs.map(({ tier }) => tier);
  const absent = missingNeed(one.applies.needs, run.engine, tiers);
  if (absent !== undefined) return idleResult(one, 'not_applicable', absent);
  const broken = one.builds_on.find((id) => {
    const status = run.results.get(id)?.status;
    return status !== 'passed' && status !== 'not_applicable';
  });
  if (broken !== undefined) return idleResult(one, 'skipped', `${broken}, which it builds on, did not pass.`);
  const begun = performance.now();
  const caseLog = new CaseLog(one.remedy);
  try {
    await runProbe(one, run, caseLog);
  } catch (error) {
    run.signal?.throwIfAborted();
    caseLog.add(brokenFinding(error));
  }
  return judge(one, run, caseLog, Math.round(performance.now() - begun));
}

/** A case that was not run. */
export function idleResult(one: AreaCase, status: 'skipped' | 'not_applicable', reason: string): CaseResult {
  return { ...nameOf(one), status, reason, checks: 0, findings: [], more_findings: 0, duration_ms: 0 };
}

function nameOf({ id, area, clause, title }: AreaCase) {
  return { id, area, clause, title };
}

async function runProbe(one: AreaCase, run: CaseRun, { log }: CaseLog): Promise<void> {
  const probe = PROBES[one.probe];
  if (probe === undefined) throw new Error(`there is no probe ${one.probe}`);
  const bench = { engine: run.engine, chance: run.chance, case: one, log };
  if (probe.scope === 'package') {
    run.onTier(one, undefined);
    return probe.run(bench);
  }
  if (probe.scope === 'tiers') {
    run.onTier(one, undefined);
    return probe.run({ ...bench, labs: run.labs });
  }
  // Tiers do not share anything, so they need not wait for one another; all are waited for, also when one fails.
  const ended = await Promise.allSettled(
    run.labs.map((lab) => {
      run.onTier(one, lab.tier);
      return probe.run({ ...bench, lab });
    }),
  );
  const failed = ended.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** What could not be checked is not passed (CONTRACT §14 E). */
function brokenFinding(error: unknown) {
  const message = error instanceof Error ? error.message : String(error);
  const remedy = error instanceof MexError ? error.remedy : undefined;
  return { what: `The case could not be run to its end: ${message}`, ...(remedy === undefined ? {} : { remedy }) };
}

function judge(one: AreaCase, run: CaseRun, caseLog: CaseLog, duration_ms: number): CaseResult {
  const { checks, reasons } = caseLog;
  const [reason] = reasons;
  if (checks === 0 && caseLog.findings.length === 0) {
    if (reason !== undefined) return { ...idleResult(one, 'not_applicable', reason), duration_ms };
    caseLog.add({ what: 'Nothing was checked.' });
  }
  return {
    ...nameOf(one),
    status: statusOf(one, run, caseLog),
    checks,
    findings: caseLog.findings,
    more_findings: caseLog.more,
    duration_ms,
  };
}

function statusOf(one: AreaCase, { engine, expectedFailures }: CaseRun, caseLog: CaseLog): CaseStatus {
  const { engine_id } = engine.manifest;
  const expected = expectedFailures.find((entry) => entry.case === one.id && entry.engine_id === engine_id);
  if (caseLog.findings.length > 0) return expected === undefined ? 'failed' : 'expected_failure';
  if (expected === undefined) return 'passed';
  caseLog.add({
    what: `${engine_id} passes ${one.id}, which is listed as a case that it may fail.`,
    where: { at: 'expected-failures.json' },
    remedy: 'Take the entry out of expected-failures.json: it excuses nothing any more.',
  });
  return 'failed';
}
