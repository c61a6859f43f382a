import { CERTIFICATE_PARTS } from '@mex/envelope';
import { sha256Hex } from '@mex/envelope/digest';
import { describe, expect, it } from 'vitest';
import { type CaseResult, reportChecker } from '../src/report.ts';
import { loadRequirements } from '../src/requirement-set.ts';
import { createStatement, reportText } from '../src/statement.ts';
import { sampleCase, sampleReport } from './sample-report.ts';

const TERMS = { issuedAt: '2026-11-21T10:00:04.000Z', expiresAt: '2027-11-21T10:00:04.000Z' };
const { cases: required, set, sha256: requirements_sha256 } = loadRequirements();
const harness = { version: set.harness_version, requirements_sha256 };
const idle: Partial<CaseResult> = { status: 'not_applicable', reason: 'No operation declares net.http.', checks: 0 };
const results = required.map(({ id }) => sampleCase({ id, ...(id === 'BUDGET-005' ? idle : {}) }));
const reportOf = (cases: readonly CaseResult[]) => sampleReport(cases, { harness });
const passed = reportOf(results);
/** The report with another result of one case. */
const having = (more: Partial<CaseResult>) =>
  reportOf(results.map((one) => (one.id === 'CAP-001' ? { ...one, ...more } : one)));

describe('[§15] the statement of a certificate', () => {
  it('binds engine, bundle, manifest, vectors, requirements and exactly this report, and names what passed', () => {
    expect(reportChecker.check(passed)).toBe(true);
    const { subject, predicate } = createStatement(passed, TERMS);
    expect(subject).toEqual([{ name: 'engine.example.one', digest: { sha256: passed.engine.bundle_sha256 } }]);
    expect(predicate).toMatchObject({
      result: 'PASSED',
      passedTests: required.flatMap(({ id }) => (id === 'BUDGET-005' ? [] : [id])),
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

  const findings = [{ what: 'x', where: {}, remedy: 'y' }];
  it.each([
    ['a failed case', having({ status: 'failed', findings })],
    ['a skipped case', having({ status: 'skipped', reason: 'x' })],
    ['a case that may fail for now', having({ status: 'expected_failure', findings })],
    ['a case that passed with findings', having({ findings })],
    ['a case that passed and checked nothing', having({ checks: 0 })],
    ['a case that is not there', reportOf(results.slice(1))],
    ['a case twice', reportOf([...results.slice(1), ...results.slice(1, 2)])],
    ['other requirements', { ...passed, harness: { ...harness, requirements_sha256: '0'.repeat(64) } }],
    ['no vectors', { ...passed, vectors: { ...passed.vectors, golden: 0 } }],
    ['no tier', { ...passed, tiers: [{ name: 'thread' as const, state: 'unavailable' as const, reason: 'x' }] }],
    ['other counts', { ...passed, counts: { ...passed.counts, passed: 1 } }],
    ['what is no report', { ...passed, seed: 'none' }],
    ['only some cases', { ...passed, complete: false }],
    ['a verdict that says so', { ...passed, verdict: 'failed' as const }],
    ['a verdict that denies its own cases', { ...having({ status: 'failed', findings }), verdict: 'passed' as const }],
    ['nothing that passed', reportOf([])],
  ])('%s: no statement', (_what, report) => {
    expect(() => createStatement(report, TERMS)).toThrow(expect.objectContaining({ code: 'CONFORMANCE_NOT_PASSED' }));
  });
});
