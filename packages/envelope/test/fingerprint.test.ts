import { createHash } from 'node:crypto';
import type { ProblemReport } from '@mex/envelope';
import { CHECKERS, canonicalJson } from '@mex/envelope';
import { problemFingerprint } from '@mex/envelope/digest';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const report: ProblemReport = {
  title: 'Line one\nLine two',
  message: 'm',
  severity: 'error',
  source: 'engine.x.y',
  surface: 'scan',
  tool: 'sbom',
  code: 'LOCKFILE_INVALID',
  locations: [{ path: 'a/b.json', range: { start: { line: 3, column: 1 }, end: { line: 4 } } }, { uri: 'x:y' }],
  capability_id: 'fs.read:inputs',
  policy_decision_id: 'p-1',
  link_confidence: 'direct',
};
const print = problemFingerprint(report);

describe('[§11] the fingerprint of a problem', () => {
  it('is the lower-case hex SHA-256 of the canonical tuple, absent as null, as anybody can compute it', () => {
    const bare: ProblemReport = {
      title: 'T',
      message: '',
      severity: 'hint',
      source: 's',
      surface: 'u',
      code: 'C',
      locations: [],
      link_confidence: 'unlinked',
    };
    const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');
    expect(problemFingerprint(bare)).toBe(sha256('["s","u",null,"C","hint","T",[],null,null]'));
    const location = {
      entity_id: null,
      path: 'a/b.json',
      range: { end: { column: null, line: 4 }, start: { column: 1, line: 3 } },
      uri: null,
      wsid: null,
    };
    const other = { entity_id: null, path: null, range: null, uri: 'x:y', wsid: null };
    const tuple = [
      'engine.x.y',
      'scan',
      'sbom',
      'LOCKFILE_INVALID',
      'error',
      'Line one\nLine two',
      [location, other],
      'fs.read:inputs',
      'p-1',
    ];
    expect(print).toBe(sha256(canonicalJson(tuple)));
    expect(print).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each<[string, Partial<ProblemReport>]>([
    ['CRLF for LF', { title: 'Line one\r\nLine two' }],
    ['CR for LF', { title: 'Line one\rLine two' }],
    ['white space around text', { title: '  Line one\nLine two\r\n', source: 'engine.x.y' }],
    [
      'backslashes in paths',
      {
        locations: [{ path: 'a\\b.json', range: report.locations[0]?.range ?? { start: { line: 0 } } }, { uri: 'x:y' }],
      },
    ],
    ['the order of locations', { locations: report.locations.toReversed() }],
    ['another message', { message: 'at 12:00:01 in /tmp/x7' }],
    ['other tags', { tags: ['a'] }],
    ['another job', { job_id: 'job-77' }],
    ['other evidence', { evidence_refs: ['00000000-0000-4000-8000-000000000001'] }],
    ['another confidence', { link_confidence: 'inferred' }],
  ])('does not change with %s', (_what, change) => {
    expect(problemFingerprint({ ...report, ...change })).toBe(print);
  });

  it('does not depend on the order of members', () => {
    const turned = Object.fromEntries(Object.entries(report).toReversed());
    expect(CHECKERS.problemReport.check(turned) && problemFingerprint(turned)).toBe(print);
  });

  it('takes a decomposed path, as some file systems hand out, for the composed one', () => {
    const at = (path: string): string => problemFingerprint({ ...report, locations: [{ path }] });
    expect(at('u\u0308.json')).toBe(at('\u00fc.json'));
  });

  it.each<[string, Partial<ProblemReport>]>([
    ['source', { source: 'engine.x.z' }],
    ['surface', { surface: 'operation' }],
    ['tool', { tool: 'other' }],
    ['code', { code: 'OTHER' }],
    ['severity', { severity: 'fatal' }],
    ['title', { title: 'Line one' }],
    ['capability', { capability_id: 'fs.read' }],
    ['policy decision', { policy_decision_id: 'p-2' }],
    ['number of locations', { locations: report.locations.slice(0, 1) }],
    ['path', { locations: [{ path: 'a/c.json' }, { uri: 'x:y' }] }],
    [
      'line',
      { locations: [{ path: 'a/b.json', range: { start: { line: 5, column: 1 }, end: { line: 4 } } }, { uri: 'x:y' }] },
    ],
    ['place in another member', { locations: [{ uri: 'a/b.json' }, { uri: 'x:y' }] }],
    ['entity', { locations: [...report.locations, { entity_id: 'e' }] }],
  ])('changes with the %s', (_what, change) => {
    expect(problemFingerprint({ ...report, ...change })).not.toBe(print);
  });

  it('exists for whatever text a report has, half characters included: a problem is never lost to its own text', () => {
    const odd = fc.string({ unit: fc.constantFrom('a', '\ud800', '\udc00', '\r', '\n', '\\', '"', '\u0000', ' ') });
    fc.assert(
      fc.property(odd, odd, (title, path) => {
        const found = problemFingerprint({ ...report, title, locations: [{ path }] });
        expect(found).toMatch(/^[0-9a-f]{64}$/);
        expect(found).toBe(
          problemFingerprint({ ...report, title: `\r\n${title} `, locations: [{ path: path.replaceAll('\\', '/') }] }),
        );
      }),
      { seed: 51, numRuns: 1_000 },
    );
  });
});
