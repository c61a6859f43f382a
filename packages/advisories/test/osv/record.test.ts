import { parseStrictJson } from '@mex/envelope/json';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseOsvRecord, RecordError } from '../../src/osv/record.ts';

const minimal = { id: 'GHSA-1', modified: '2026-01-01T00:00:00Z' };

function affected(entry: object) {
  return parseOsvRecord(parseStrictJson(JSON.stringify({ ...minimal, affected: [entry] })));
}

describe('parseOsvRecord', () => {
  it.each([
    ['no object', [], 'it is no object'],
    ['null', null, 'it is no object'],
    ['no id', { modified: minimal.modified }, 'it has no usable id'],
    ['an id with a line break', { ...minimal, id: 'a\nb' }, 'it has no usable id'],
    ['no modified', { id: 'X-1' }, 'modified is missing'],
    ['a time that is none', { ...minimal, modified: 'yesterday' }, 'modified is no RFC 3339 instant in UTC'],
    ['a withdrawal that is no time', { ...minimal, withdrawn: true }, 'withdrawn is no RFC 3339 instant in UTC'],
    ['another major version', { ...minimal, schema_version: '2.0.0' }, 'schema_version is not 1.x'],
    ['affected that is no list', { ...minimal, affected: {} }, 'affected is no list'],
  ])('refuses a record with %s', (_name, value, message) => {
    expect(() => parseOsvRecord(value)).toThrow(new RecordError(message));
  });

  it.each([
    ['a range of unknown type', { ranges: [{ type: 'MAGIC', events: [] }] }, 'a range is of no known type'],
    [
      'a range without beginning',
      { ranges: [{ type: 'SEMVER', events: [{ fixed: '1.0.0' }] }] },
      'a range is never introduced',
    ],
    [
      'an event that is no version',
      { ranges: [{ type: 'SEMVER', events: [{ introduced: 'soon' }] }] },
      'an event names what is no version of its ecosystem',
    ],
    ['a version that is no text', { versions: [1] }, 'versions are not texts'],
  ])('names a package with %s as a fault and keeps the record', (_name, rest, fault) => {
    const record = affected({ package: { ecosystem: 'npm', name: 'x' }, ...rest });
    expect(record.faults).toEqual([`affected[0]: ${fault}`]);
    expect(record.affected).toEqual([]);
  });

  it('normalises names as their ecosystem does, and leaves out other registries', () => {
    const entry = (ecosystem: string, name: string) =>
      affected({ package: { ecosystem, name }, versions: ['1.0'] }).affected[0]?.name;
    expect(entry('PyPI', 'Zope.Interface__x')).toBe('zope-interface-x');
    expect(entry('npm', 'JSONStream')).toBe('JSONStream');
    expect(entry('Packagist', 'Symfony/HTTP')).toBe('symfony/http');
    expect(entry('Packagist:https://packages.example', 'a/b')).toBeUndefined();
    expect(entry('Debian:12', 'openssl')).toBeUndefined();
  });

  it('counts packages that only name commits', () => {
    const record = affected({
      package: { ecosystem: 'npm', name: 'x' },
      ranges: [{ type: 'GIT', repo: 'r', events: [{ introduced: '0' }] }],
    });
    expect([record.commitsOnly, record.affected.length, record.faults]).toEqual([1, 0, []]);
  });

  it('takes what it needs, bounded', () => {
    const record = parseOsvRecord({
      ...minimal,
      aliases: ['CVE-2020-1', 'GHSA-1', 7, 'CVE-2020-1'],
      summary: ` a\n b ${'x'.repeat(10_000)}`,
      database_specific: { severity: 'Moderate', cwe_ids: ['CWE-79', 'nonsense'] },
      severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N' }, { type: 1 }],
      references: [
        { type: 'WEB', url: 'https://a.example' },
        { type: 'ADVISORY', url: 'https://b.example/x' },
      ],
    });
    expect(record).toMatchObject({
      aliases: ['CVE-2020-1'],
      severityWord: 'MODERATE',
      cwes: ['CWE-79'],
      url: 'https://b.example/x',
    });
    expect(record.summary).toMatch(/^a b x{395}…$/);
    expect(record.severity).toEqual([{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N' }]);
  });

  it('reads or refuses whatever JSON there is', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), fc.json({ maxDepth: 3 }), (whole, part) => {
        for (const value of [
          JSON.parse(whole),
          { ...minimal, affected: [JSON.parse(part)] },
          { ...minimal, severity: JSON.parse(part), aliases: JSON.parse(part) },
        ]) {
          try {
            parseOsvRecord(value);
          } catch (error) {
            expect(error).toBeInstanceOf(RecordError);
          }
        }
      }),
      { seed: 9, numRuns: 400 },
    );
  });
});
