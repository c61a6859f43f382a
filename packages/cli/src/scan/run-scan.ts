import type { ArtifactHandle, Problem } from '@mex/envelope';
import type { Host } from '@mex/host';
import { chooseSource, type ScanDatabase } from './advisory-database.ts';
import { type AllowLists, storeAllowLists } from './allow-lists.ts';
import { CHECKS, type CheckName } from './checks.ts';
import { readReport } from './read-report.ts';
import { recordDecision } from './release-decision.ts';
import { reportTracked } from './report-tracked.ts';
import { reportUnlocked } from './report-unlocked.ts';
import { type CheckInputs, type RanCheck, runChecks, type ScanRequest } from './run-checks.ts';
import { type ProblemContext, problemsOf, report, reportGaps, reportObjections } from './scan-problems.ts';
import { judgeChecks, type Objection, type ReportedCheck, type Verdict, verdictOf } from './verdict.ts';

/** What a scan came to. */
export interface ScanOutcome {
  readonly runId: string;
  readonly release: boolean;
  readonly verdict: Verdict;
  readonly checks: readonly ReportedCheck[];
  readonly objections: readonly Objection[];
  /** Problems of this run, each once, the gravest first. */
  readonly problems: readonly Problem[];
  readonly database: ScanDatabase;
  readonly allowLists: AllowLists;
  /** The signed decision of a release. */
  readonly decision: ArtifactHandle | undefined;
  readonly startedAt: string;
  readonly endedAt: string;
}

/** Each check once, and nothing else: no model, no change to a workspace. A limit is what may not be reached. */
const RUN_BUDGET = {
  max_runtime_s: 3_600,
  // One more where a server is asked for advisories.
  max_operations: CHECKS.length + 1,
  max_llm_calls: 1,
  max_llm_tokens: 1,
  max_file_writes: 1_000,
  max_patch_attempts: 0,
};

/** The checks of a scan as one run: sent through the gates, judged, and for a release decided and signed. */
export async function runScan(
  host: Host,
  request: ScanRequest & { readonly osv: string | undefined },
): Promise<ScanOutcome> {
  const startedAt = new Date().toISOString();
  const run = await host.openRun({ budget: RUN_BUDGET });
  const context: ProblemContext = { host, runId: run.definition.run_id };
  const [database, allowLists] = await Promise.all([
    request.checks.has('vuln')
      ? chooseSource(host, engineOf('vuln'), request.osv, request.policy.osvApi)
      : NOT_ASKED_FOR,
    storeAllowLists(host, request.policy),
  ]);
  const day = dayOf(startedAt);
  const ran = await runChecks(host, request, { runId: context.runId, ...day, database, allowLists });
  await reportGaps(context, ran);
  const checks = await Promise.all(ran.map((one) => withReport(host, one)));
  const [unlocked, tracked] = await Promise.all([
    reportUnlocked(context, request, checks, day),
    reportTracked(context, request, checks),
    reportDatabase(context, request, database, checks),
    reportRefusedPolicy(context, request, ran),
  ]);
  const objections = judgeChecks(checks, request.release, [...unlocked, ...tracked]);
  const verdict = verdictOf(objections);
  if (request.release) await reportObjections(context, objections, checks);
  const found = { ...context, release: request.release, verdict, checks, objections, database, allowLists, startedAt };
  const decision = request.release ? await recordDecision(host, request, found) : undefined;
  return { ...found, decision, problems: problemsOf(context), endedAt: new Date().toISOString() };
}

/**
 * The day of a scan, which its documents state, and its end, against which ages and expiries are measured: nothing passes
 * that expires within it. With the second in its params no scan would ever be the same question as the one before, and
 * nothing could be served from the cache (CONTRACT §6).
 */
function dayOf(instant: string): Pick<CheckInputs, 'timestamp' | 'asOf'> {
  const day = instant.slice(0, 10);
  return { timestamp: `${day}T00:00:00Z`, asOf: `${day}T23:59:59Z` };
}

function engineOf(name: CheckName): string {
  return CHECKS.find((check) => check.name === name)?.engineId ?? '';
}

const NOT_ASKED_FOR: ScanDatabase = {
  absent: { code: 'VULN_DATABASE_MISSING', message: 'Vulnerabilities were not asked for.', remedy: '' },
};

async function withReport(host: Host, ran: RanCheck): Promise<ReportedCheck> {
  return { ...ran, report: await readReport(host, ran.result) };
}

/** An operator who wrote a policy must hear that it did not count. */
async function reportRefusedPolicy(
  context: ProblemContext,
  { policy }: ScanRequest,
  [first]: readonly RanCheck[],
): Promise<void> {
  if (policy.refused === undefined || first === undefined) return;
  await report(context, first.check.job, undefined, {
    title: 'The scan policy of the home was not used',
    message: `${policy.refused} lies in the scanned tree, and whoever changes the tree could change it. If it is meant, name it with --policy; or keep the home elsewhere with --home.`,
    severity: 'warning',
    surface: 'scan',
    code: 'SCAN_POLICY_IGNORED',
    locations: [],
  });
}

/** A database that was named and holds nothing, and one that gets old: the engine does not know of the former. */
async function reportDatabase(
  context: ProblemContext,
  { policy, checks: wanted }: ScanRequest,
  database: ScanDatabase,
  checks: readonly ReportedCheck[],
): Promise<void> {
  const vuln = checks.find(({ check }) => check.name === 'vuln');
  const check = CHECKS.find(({ name }) => name === 'vuln');
  if (!wanted.has('vuln') || vuln === undefined || check === undefined) return;
  const about = { surface: 'scan', tool: check.engineId, locations: [] };
  if ('absent' in database && database.absent.code !== 'VULN_DATABASE_MISSING') {
    const { code, message, remedy } = database.absent;
    const title = 'The advisory database holds nothing';
    await report(context, check.job, vuln.result.op_id, {
      ...about,
      title,
      message: `${message} ${remedy}`,
      severity: 'error',
      code,
    });
  }
  const age = databaseAge(vuln);
  if (age === undefined || age <= policy.warnAgeDays) return;
  await report(context, check.job, vuln.result.op_id, {
    ...about,
    title: 'The advisory database is old',
    message: `The newest advisory of an ecosystem that was looked up is ${age} days old. Newer vulnerabilities were not looked for. With --release, more than ${policy.maxAgeDays} days do not pass. Import a newer one: mex db import <source>`,
    severity: 'warning',
    code: 'VULN_DATABASE_STALE',
  });
}

/** Days since the newest advisory of the stalest ecosystem that was looked up. */
export function databaseAge({ report: found }: Pick<ReportedCheck, 'report'>): number | undefined {
  const database = found?.summary['database'];
  if (typeof database !== 'object' || database === null || !('age_days' in database)) return undefined;
  return typeof database.age_days === 'number' ? database.age_days : undefined;
}
