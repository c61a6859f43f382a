import type { CaseResult, ConformanceReport } from '../src/report.ts';

const SHA = 'a'.repeat(64);

export function sampleCase(more: Partial<CaseResult> = {}): CaseResult {
  return {
    id: 'SCHEMA-003',
    area: 'schema',
    clause: '§15 schema',
    title: 'Golden vectors come out as they say',
    status: 'passed',
    checks: 3,
    findings: [],
    more_findings: 0,
    duration_ms: 12,
    ...more,
  };
}

/** A report of these cases, as `certify` would write it. */
export function sampleReport(cases: readonly CaseResult[], more: Partial<ConformanceReport> = {}): ConformanceReport {
  const count = (status: CaseResult['status']): number => cases.filter((one) => one.status === status).length;
  const counts = {
    passed: count('passed'),
    failed: count('failed'),
    expected_failure: count('expected_failure'),
    skipped: count('skipped'),
    not_applicable: count('not_applicable'),
  };
  return {
    schema_version: 'mex.conformance_report@1.0',
    verdict: counts.failed + counts.expected_failure + counts.skipped === 0 ? 'passed' : 'failed',
    complete: true,
    engine: { engine_id: 'engine.example.one', engine_version: '1.2.3', bundle_sha256: SHA, manifest_sha256: SHA },
    contract_version: 'mex-1.0',
    harness: { version: '0.1.0', requirements_sha256: SHA },
    vectors: { sha256: SHA, count: 2, golden: 1, reject: 1 },
    tiers: [
      { name: 'thread', state: 'tested' },
      { name: 'process', state: 'unavailable', reason: 'bwrap is missing' },
    ],
    environment: { runtime: 'node', runtime_version: '26.10.0', os: 'linux', arch: 'arm64' },
    started_at: '2026-11-21T10:00:00.000Z',
    ended_at: '2026-11-21T10:00:03.000Z',
    duration_ms: 3_000,
    operations: 7,
    seed: '0'.repeat(32),
    counts,
    cases: [...cases],
    ...more,
  };
}
