import { BOUNDS, clipText, type FlightEvent, type Problem, type ProblemReport } from '@mex/envelope';
import type { Host } from '@mex/host';
import type { RanCheck } from './run-checks.ts';
import type { Objection, ReportedCheck } from './verdict.ts';

/** Where Problems of a scan belong. */
export interface ProblemContext {
  readonly host: Host;
  readonly runId: string;
}

const SOURCE = 'mex.scan';

/** What a check was to look at and could not becomes a Problem each (CONTRACT §14 E). */
export async function reportGaps(context: ProblemContext, checks: readonly RanCheck[]): Promise<void> {
  const reports = checks.flatMap(({ check, gaps, result }) =>
    gaps.map(({ path, reason }) =>
      report(context, check.job, result.op_id, {
        title: `${path} was left out of the scan`,
        message: `${path}: ${reason}. Whatever it holds is missing from the result of ${check.job}.`,
        severity: 'error',
        surface: 'scan',
        tool: check.engineId,
        code: 'SCAN_INCOMPLETE',
        locations: [{ path: clipText(path, BOUNDS.maxPathChars) }],
      }),
    ),
  );
  await Promise.all(reports);
}

/** Fatal Problems told one by one; one more counts the rest of its kind. */
const MAX_FATAL = 200;

/**
 * The BLOCKs of a release: a fatal Problem for each objection, with its FR-EVT-003 (CONTRACT §13), that names the report
 * it rests on.
 */
export async function reportObjections(
  context: ProblemContext,
  objections: readonly Objection[],
  checks: readonly ReportedCheck[],
): Promise<void> {
  const told = objections.slice(0, MAX_FATAL).map(({ check, code, title, message, locations }) => {
    const ran = checks.find((one) => one.check.name === check.name);
    const refs = (ran?.result.outputs ?? []).filter(({ name }) => name === 'report.json');
    return report(context, check.job, ran?.result.op_id, {
      title,
      message,
      severity: 'fatal',
      surface: 'release',
      tool: check.engineId,
      code,
      locations: locations.slice(0, BOUNDS.maxLocations),
      evidence_refs: refs.map(({ artifact_id }) => artifact_id),
    });
  });
  const [next] = objections.slice(MAX_FATAL);
  if (next !== undefined) told.push(report(context, next.check.job, undefined, beyond(objections, next)));
  await Promise.all(told);
}

function beyond(objections: readonly Objection[], { check, code }: Objection): ReportDraft {
  return {
    title: `${objections.length - MAX_FATAL} more reasons keep this release from passing`,
    message: `Only the first ${MAX_FATAL} of ${objections.length} have a Problem of their own; the reports have them all.`,
    severity: 'fatal',
    surface: 'release',
    tool: check.engineId,
    code,
    locations: [],
  };
}

type ReportDraft = Omit<ProblemReport, 'source' | 'link_confidence' | 'job_id'>;

/** Records one Problem of the scan itself. @param opId operation it is about */
export async function report(
  { host, runId }: ProblemContext,
  job: string,
  opId: string | undefined,
  draft: ReportDraft,
): Promise<void> {
  const { kind, id } = host.caller;
  const title = clipText(draft.title, BOUNDS.maxMessageChars);
  const message = clipText(draft.message, BOUNDS.maxMessageChars);
  await host.recorder.problems.report(
    { ...draft, title, message, source: SOURCE, job_id: job, link_confidence: 'direct' },
    {
      timestamp: new Date().toISOString(),
      actor: { kind, id },
      job_id: job,
      session_span_id: runId,
      ...(opId === undefined ? {} : { activity_span_id: opId }),
    },
  );
}

const GRAVITY: readonly string[] = ['fatal', 'error', 'warning', 'info', 'hint'];
const MAX_EVENTS = 10_000;

/** Problems of a run, each once, the gravest first. */
export function problemsOf({ host, runId }: ProblemContext): Problem[] {
  const events = host.recorder.list({ run: runId, type: 'diagnostic', limit: MAX_EVENTS });
  const ids = new Set(events.flatMap(({ event }) => diagnosticId(event)));
  const problems = [...ids].flatMap((id) => host.recorder.problems.get(id) ?? []);
  return problems.sort((a, b) => GRAVITY.indexOf(a.severity) - GRAVITY.indexOf(b.severity));
}

function diagnosticId(event: FlightEvent): string[] {
  return event.type === 'diagnostic' ? [event.diagnostic_id] : [];
}
