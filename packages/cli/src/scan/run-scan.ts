import { randomUUID } from 'node:crypto';
import { BOUNDS, clipText, type EngineResult, type FlightEvent, type Problem, type ProblemReport } from '@mex/envelope';
import type { Host } from '@mex/host';
import { EXIT, type ExitCode, exitOfResult } from '../exit-codes.ts';
import { LOOKED_FOR } from './lockfile-names.ts';
import { findCandidates, type Gap, type ScanTarget, skipReason } from './scan-target.ts';

export const SBOM_ENGINE = 'engine.supply_chain.sbom';
const JOB = 'sbom_generate';
const NO_LOCKFILE = 'SBOM_NO_LOCKFILE';

/** What a scan came to. */
export interface ScanOutcome {
  readonly runId: string;
  readonly job: string;
  readonly verdict: 'pass' | 'block' | 'error';
  readonly exit: ExitCode;
  readonly result: EngineResult;
  /** Problems of this run, each once, the gravest first. */
  readonly problems: readonly Problem[];
  readonly startedAt: string;
  readonly endedAt: string;
  readonly nothingFound: boolean;
}

/** Pins the candidates of a target and has the SBOM engine read them: one governed operation in a run of its own. */
export async function runScan(host: Host, target: ScanTarget, signal: AbortSignal): Promise<ScanOutcome> {
  const startedAt = new Date().toISOString();
  const runId = randomUUID();
  const candidates = findCandidates(target);
  const pin = await host.artifacts.pinFiles(target.root, candidates.files, {
    meta: { created_by: { actor_id: host.caller.id } },
  });
  const { artifact_id, sha256 } = pin.handle;
  const gaps = [
    ...candidates.gaps,
    ...pin.skipped.map(({ path, reason }): Gap => ({ path, reason: skipReason(reason) })),
  ];
  const pinned = host.record('directory.pinned', { artifact_id, sha256, entries: pin.index.entries.length });
  const reported = gaps.map((gap) => host.recorder.problems.report(gapProblem(gap), problemBase(host, runId)));
  const operation = host.plan({
    engineId: SBOM_ENGINE,
    operation: 'sbom.generate',
    inputs: [pin.handle],
    params: statedTime(),
    context: { run_id: runId, job_id: JOB },
  });
  const [result] = await Promise.all([host.execute(operation, { signal }), pinned, ...reported]);
  const nothingFound = result.errors.some((error) => error.code === NO_LOCKFILE);
  const complete = result.status === 'succeeded' && gaps.length === 0 && result.summary?.['unreadable_count'] === 0;
  return {
    runId,
    job: JOB,
    verdict: complete ? 'pass' : 'error',
    exit: exitOf(result, complete, nothingFound),
    result,
    problems: problemsOf(host, runId),
    startedAt,
    endedAt: new Date().toISOString(),
    nothingFound,
  };
}

/** A lockfile that nobody read is a check that did not run: never a pass (CONTRACT §14 E). */
function exitOf(result: EngineResult, complete: boolean, nothingFound: boolean): ExitCode {
  if (complete) return EXIT.done;
  return result.status === 'succeeded' || nothingFound ? EXIT.blocked : exitOfResult(result);
}

function gapProblem({ path, reason }: Gap): ProblemReport {
  return {
    title: clipText(`${path} was left out of the scan`, BOUNDS.maxMessageChars),
    message: clipText(`${path}: ${reason}. Whatever it declares is missing from the result.`, BOUNDS.maxMessageChars),
    severity: 'error',
    source: 'mex.scan',
    surface: 'scan',
    tool: SBOM_ENGINE,
    code: 'SCAN_INCOMPLETE',
    locations: [{ path: clipText(path, BOUNDS.maxPathChars) }],
    job_id: JOB,
    link_confidence: 'direct',
  };
}

function problemBase(host: Host, runId: string) {
  const { kind, id } = host.caller;
  return { timestamp: new Date().toISOString(), actor: { kind, id }, job_id: JOB, session_span_id: runId };
}

const GRAVITY: readonly string[] = ['fatal', 'error', 'warning', 'info', 'hint'];

function problemsOf(host: Host, runId: string): Problem[] {
  const events = host.recorder.list({ run: runId, type: 'diagnostic', limit: 10_000 });
  const ids = new Set(events.flatMap(({ event }) => diagnosticId(event)));
  const problems = [...ids].flatMap((id) => host.recorder.problems.get(id) ?? []);
  return problems.sort((a, b) => GRAVITY.indexOf(a.severity) - GRAVITY.indexOf(b.severity));
}

function diagnosticId(event: FlightEvent): string[] {
  return event.type === 'diagnostic' ? [event.diagnostic_id] : [];
}

/** What to tell a person whose directory has no lockfile. */
export const NOTHING_FOUND = `No lockfile was found. Looked for: ${LOOKED_FOR}.`;

/** SOURCE_DATE_EPOCH, the reproducible-builds convention: seconds since 1970 that documents state as their time. */
function statedTime(): Record<string, string> {
  const epoch = process.env['SOURCE_DATE_EPOCH'];
  if (epoch === undefined || !/^\d{1,11}$/.test(epoch)) return {};
  return { timestamp: `${new Date(Number(epoch) * 1_000).toISOString().slice(0, 19)}Z` };
}
