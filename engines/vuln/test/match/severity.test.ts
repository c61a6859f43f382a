import { describe, expect, it } from 'vitest';
import { rate, scoreVector, worst } from '../../src/match/severity.ts';

const record = { id: 'GHSA-1', aliases: [], modified: '', summary: '', severity: [], cwes: [], sha256: '' };
const none = { severity: [], informational: undefined };

describe('scoreVector', () => {
  it.each([
    // Scores that the specifications' own examples and the public calculators state.
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', 9.8, 'CRITICAL', 'CVSSv31'],
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H', 10, 'CRITICAL', 'CVSSv31'],
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N', 6.1, 'MEDIUM', 'CVSSv31'],
    ['CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H', 7.5, 'HIGH', 'CVSSv3'],
    ['CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N', 1.8, 'LOW', 'CVSSv31'],
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N', 0, 'NONE', 'CVSSv31'],
    ['CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N', 9.3, 'CRITICAL', 'CVSSv4'],
    ['CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N', 7.3, 'HIGH', 'CVSSv4'],
    ['CVSS:4.0/AC:L/AV:N/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N', 9.3, 'CRITICAL', 'CVSSv4'],
  ])('%s', (vector, score, severity, method) => {
    expect(scoreVector(vector)).toMatchObject({ score, severity, method });
  });

  it.each([
    '',
    'CVSS:3.1/',
    'CVSS:3.1/AV:N',
    'AV:N/AC:L/Au:N/C:P/I:P/A:P',
    'CVSS:5.0/AV:N',
    `CVSS:3.1/${'AV:N/'.repeat(100_000)}`,
    '7.5',
  ])('is nothing for %.40s', (vector) => {
    expect(scoreVector(vector)).toBeUndefined();
  });
});

describe('[§13] rate', () => {
  const v3 = { type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' };
  const v4 = { type: 'CVSS_V4', score: 'CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N' };

  it('goes by the newest vector, the package’s own first, then the database’s word, then nothing', () => {
    expect(rate({ ...record, severity: [v3, v4] }, none)).toMatchObject({
      severity: 'HIGH',
      basis: 'cvss',
      vector: v4.score,
    });
    expect(rate({ ...record, severity: [v4] }, { ...none, severity: [v3] })).toMatchObject({ severity: 'CRITICAL' });
    expect(
      rate({ ...record, severity: [{ type: 'CVSS_V3', score: 'nonsense' }], severity_word: 'MODERATE' }, none),
    ).toEqual({ severity: 'MEDIUM', basis: 'database' });
    expect(rate({ ...record, severity_word: 'SPICY' }, none)).toEqual({ severity: 'UNKNOWN', basis: 'none' });
    expect(rate(record, { ...none, informational: 'unsound' })).toEqual({ severity: 'INFO', basis: 'informational' });
    expect(rate({ ...record, severity: [v3] }, { ...none, informational: 'unsound' })).toMatchObject({
      severity: 'CRITICAL',
    });
    expect(rate({ ...record, id: 'MAL-2026-1', severity: [v4] }, none)).toEqual({
      severity: 'CRITICAL',
      basis: 'malicious',
    });
  });

  it('takes the worst that is known of several', () => {
    const of = (...severities: ('UNKNOWN' | 'LOW' | 'HIGH' | 'INFO')[]) =>
      worst(severities.map((severity) => ({ severity, basis: 'database' as const }))).severity;
    expect([of('UNKNOWN', 'LOW'), of('LOW', 'HIGH'), of('UNKNOWN'), of()]).toEqual([
      'LOW',
      'HIGH',
      'UNKNOWN',
      'UNKNOWN',
    ]);
    // One database files it as a notice, another one as a vulnerability that nobody has rated.
    expect([of('INFO', 'UNKNOWN'), of('INFO', 'LOW'), of('INFO')]).toEqual(['UNKNOWN', 'LOW', 'INFO']);
  });
});
