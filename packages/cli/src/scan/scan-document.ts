import type { ScanOutcome } from './run-scan.ts';

/** The document of `mex scan --format json`, as CONTRACT §16 has it. */
export function scanDocument(outcome: ScanOutcome): unknown {
  const { result } = outcome;
  const { cached_from } = result.provenance;
  return {
    run_id: outcome.runId,
    verdict: outcome.verdict,
    results: [
      {
        job: outcome.job,
        engine_id: result.provenance.engine_id,
        op_id: result.op_id,
        status: result.status,
        report: result.outputs.find((output) => output.name === 'report.json') ?? null,
        artifacts: result.outputs.map(({ name = '', ...handle }) => ({ name, ...handle })),
        summary: result.summary ?? {},
        ...(cached_from === undefined ? {} : { cached_from }),
      },
    ],
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
