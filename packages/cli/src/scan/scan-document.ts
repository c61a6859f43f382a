import type { EngineResult } from '@mex/envelope';
import { REPORT_NAME } from './read-report.ts';
import type { ScanOutcome } from './run-scan.ts';
import type { ReportedCheck } from './verdict.ts';

/** The document of `mex scan --format json`, as CONTRACT §16 has it. */
export function scanDocument(outcome: ScanOutcome): unknown {
  return {
    run_id: outcome.runId,
    verdict: outcome.verdict,
    results: outcome.checks.map(resultDocument),
    problems: outcome.problems.map(({ id, severity, code, title, fingerprint }) => ({
      id,
      severity,
      code,
      title,
      fingerprint,
    })),
    started_at: outcome.startedAt,
    ended_at: outcome.endedAt,
  };
}

function resultDocument({ check, result, asked }: ReportedCheck): unknown {
  const { cached_from, implementation } = result.provenance;
  return {
    job: check.job,
    engine_id: check.engineId,
    op_id: result.op_id,
    status: result.status,
    report: result.outputs.find(({ name }) => name === REPORT_NAME) ?? null,
    artifacts: [...result.outputs, ...result.evidence, ...(asked?.evidence ?? [])].map(({ name = '', ...handle }) => ({
      name,
      ...handle,
    })),
    summary: result.summary ?? failureSummary(result),
    // Whoever did it in place of the engine.
    ...(implementation === undefined || implementation === 'builtin' ? {} : { implementation }),
    ...(cached_from === undefined ? {} : { cached_from }),
  };
}

/** What there is to say of a check that wrote no summary: why. */
function failureSummary({ errors }: EngineResult): object {
  return errors.length === 0 ? {} : { errors: errors.map(({ code, message }) => ({ code, message })) };
}
