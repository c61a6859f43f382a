import { CERTIFICATE_PARTS } from '@mex/envelope';
import { sha256Hex } from '@mex/envelope/digest';
import { describe, expect, it } from 'vitest';
import { reportChecker } from '../src/report.ts';
import { createStatement, reportText } from '../src/statement.ts';
import { sampleCase, sampleReport } from './sample-report.ts';

const TERMS = { issuedAt: '2026-11-21T10:00:04.000Z', expiresAt: '2027-11-21T10:00:04.000Z' };
const passed = sampleReport([
  sampleCase(),
  sampleCase({ id: 'BUDGET-005', status: 'not_applicable', reason: 'No operation declares net.http.', checks: 0 }),
]);

describe('[§15] the statement of a certificate', () => {
  it('binds engine, bundle, manifest, vectors, requirements and exactly this report, and names what passed', () => {
    expect(reportChecker.check(passed)).toBe(true);
    const { subject, predicate } = createStatement(passed, TERMS);
    expect(subject).toEqual([{ name: 'engine.example.one', digest: { sha256: passed.engine.bundle_sha256 } }]);
    expect(predicate).toMatchObject({
      result: 'PASSED',
      passedTests: ['SCHEMA-003'],
      failedTests: [],
      warnedTests: [],
    });
    const named = new Map(predicate.configuration.map((resource) => [resource.name, resource]));
    expect([...named.keys()].sort()).toEqual(Object.values(CERTIFICATE_PARTS).sort());
    expect(named.get(CERTIFICATE_PARTS.report)?.digest).toEqual({ sha256: sha256Hex(reportText(passed)) });
    expect(named.get(CERTIFICATE_PARTS.terms)?.annotations).toEqual({
      engine_id: 'engine.example.one',
      engine_version: '1.2.3',
      contract_version: 'mex-1.0',
      harness_version: '0.1.0',
      tiers: ['thread'],
      issued_at: TERMS.issuedAt,
      expires_at: TERMS.expiresAt,
    });
  });

  const broken = sampleCase({ id: 'CAP-001', status: 'failed', findings: [{ what: 'x', where: {}, remedy: 'y' }] });
  it.each([
    ['a failed case', sampleReport([sampleCase(), broken])],
    ['a skipped case', sampleReport([sampleCase(), sampleCase({ id: 'CAP-001', status: 'skipped', reason: 'x' })])],
    ['a case that may fail for now', sampleReport([sampleCase(), { ...broken, status: 'expected_failure' }])],
    ['only some cases', { ...passed, complete: false }],
    ['a verdict that says so', { ...passed, verdict: 'failed' as const }],
    ['a verdict that denies its own cases', { ...sampleReport([sampleCase(), broken]), verdict: 'passed' as const }],
    ['nothing that passed', sampleReport([])],
  ])('%s: no statement', (_what, report) => {
    expect(() => createStatement(report, TERMS)).toThrow(expect.objectContaining({ code: 'CONFORMANCE_NOT_PASSED' }));
  });
});
