import type { SupplyChainFinding } from '@mex/envelope';
import { expect, it } from 'vitest';
import { CHECKS, type CheckName } from '../../src/scan/checks.ts';
import { judgeChecks, type ReportedCheck, verdictOf } from '../../src/scan/verdict.ts';

/** What a check came to that ran well and reported one finding. */
function reported(name: CheckName, finding: Partial<SupplyChainFinding>): ReportedCheck {
  const check = CHECKS.find((one) => one.name === name);
  const whole = { id: 'x', code: 'X', severity: 'warning', title: 'something', locations: [], ...finding };
  const one = { check, result: { status: 'succeeded' }, inputs: [], gaps: [], missing: undefined };
  // Only what is judged: a result has dozens of members that no rule looks at.
  return { ...one, report: { findings: [whole], summary: {} } } as unknown as ReportedCheck;
}

const verdict = (name: CheckName, finding: Partial<SupplyChainFinding>, release = false): string =>
  verdictOf(judgeChecks([reported(name, finding)], release).filter(({ message }) => !message.includes('--only')));

it.each<[CheckName, string, SupplyChainFinding['severity']]>([
  ['sbom', 'SBOM_LOCKFILE_BEHIND', 'error'],
  ['license', 'LICENSE_FILE_UNREADABLE', 'warning'],
  ['secret', 'SECRET_FILE_UNREADABLE', 'error'],
])('[§14 E] %s: what was not looked at is no pass, with and without --release: %s', (name, code, severity) => {
  expect([verdict(name, { code, severity }), verdict(name, { code, severity }, true)]).toEqual(['error', 'error']);
});

it('[§13] a finding blocks a release alone', () => {
  const findings: [CheckName, Partial<SupplyChainFinding>][] = [
    ['vuln', { code: 'VULN_HIGH', severity: 'error' }],
    ['vuln', { code: 'VULN_NOT_CHECKED', severity: 'error', properties: { reason: 'not_from_registry' } }],
    ['license', { code: 'LICENSE_UNKNOWN' }],
    ['license', { code: 'LICENSE_DENIED', severity: 'error' }],
    ['secret', { code: 'SECRET_WEAK', severity: 'info' }],
  ];
  for (const [name, finding] of findings)
    expect([verdict(name, finding), verdict(name, finding, true)], finding.code).toEqual(['pass', 'block']);
});

it('[§14 E] a package whose version nobody understands keeps a release from passing', () => {
  const finding = { code: 'VULN_NOT_CHECKED', properties: { reason: 'version_not_understood' } };
  expect([verdict('vuln', finding), verdict('vuln', finding, true)]).toEqual(['pass', 'error']);
});
