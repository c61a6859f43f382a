import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { parseLicense } from '../../src/documents/license-text.ts';
import { isExceptionId, isLicenseId } from '../../src/documents/spdx-identifiers.ts';
import { DATA, HAS_DATA, NO_DATA, readJson } from '../test-data.ts';

describe('parseLicense', () => {
  it.each([
    ['MIT', { kind: 'id', id: 'MIT' }],
    [' ISC ', { kind: 'id', id: 'ISC' }],
    ['(MIT or Apache-2.0)', { kind: 'expression', expression: '(MIT OR Apache-2.0)', hasReferences: false }],
    ['((MIT)AND(ISC  or 0BSD))', { kind: 'expression', expression: '((MIT) AND (ISC OR 0BSD))', hasReferences: false }],
    ['GPL-2.0+', { kind: 'id', id: 'GPL-2.0+' }],
    ['Apache-1.0+', { kind: 'expression', expression: 'Apache-1.0+', hasReferences: false }],
    ['LicenseRef-a', { kind: 'expression', expression: 'LicenseRef-a', hasReferences: true }],
    ['mit', { kind: 'name', name: 'mit' }],
    ['SEE LICENSE IN LICENSE', { kind: 'name', name: 'SEE LICENSE IN LICENSE' }],
    ['Classpath-exception-2.0', { kind: 'name', name: 'Classpath-exception-2.0' }],
    ['MIT WITH MIT', { kind: 'name', name: 'MIT WITH MIT' }],
    ['MIT OR', { kind: 'name', name: 'MIT OR' }],
    ['(MIT', { kind: 'name', name: '(MIT' }],
    ['MIT)', { kind: 'name', name: 'MIT)' }],
  ])('%s', (text, license) => {
    expect(parseLicense(text)).toEqual(license);
  });

  it('is not impressed by depth or length', () => {
    expect(parseLicense(`${'('.repeat(100_000)}MIT`).kind).toBe('name');
    expect(parseLicense(`${'('.repeat(500)}MIT${')'.repeat(500)}`).kind).toBe('expression');
    expect(parseLicense('x'.repeat(1_000_000))).toEqual({ kind: 'name', name: 'x'.repeat(4096) });
  });
});

describe.skipIf(!HAS_DATA)(`SPDX identifiers and expressions${NO_DATA}`, () => {
  it('agrees with the reference on what an expression is', () => {
    const { parse } = readJson('licenses/spdx-expressions.json') as { parse: { text: string; valid: boolean }[] };
    expect(parse.length).toBeGreaterThan(40);
    // Space around the whole text is the lockfile's, not the expression's; only inside it does it count.
    const inner = parse.filter(({ text }) => !/^[\n\t]|[\n\t]$/.test(text));
    const wrong = inner.filter(({ text, valid }) => (parseLicense(text).kind !== 'name') !== valid);
    expect(wrong.map(({ text }) => text)).toEqual([]);
  });

  it('tells licenses from exceptions', () => {
    const file = readFileSync(`${DATA}licenses/spdx-texts.ndjson.gz`);
    const records = gunzipSync(file).toString('utf8').trim().split('\n');
    const wrong = records.flatMap((line) => {
      const record: Record<string, unknown> = JSON.parse(line);
      const id = String(record['id']);
      const isException = record['type'] === 'exception';
      return isLicenseId(id) === !isException && isExceptionId(id) === isException ? [] : [id];
    });
    expect(records.length).toBeGreaterThan(700);
    expect(wrong).toEqual([]);
  });
});
