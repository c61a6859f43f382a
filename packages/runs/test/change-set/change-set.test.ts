import { readFileSync } from 'node:fs';
import { changeSetDigest, parseChangeSet } from '@mex/runs';
import { describe, expect, it } from 'vitest';
import { publishedChangeSet } from '../../scripts/published-schema.ts';

const SHA = 'a'.repeat(64);
const HANDLE = {
  artifact_id: '018f0000-0000-7000-8000-000000000001',
  sha256: SHA,
  size_bytes: 1,
  mime: 'text/plain',
  kind: 'file',
} as const;
const set = (entries: readonly object[]) => ({ schema_version: 'mex.change_set@1.0', entries });
const change = { path: 'a', before_sha256: null, after: HANDLE };

describe('[§12] a change set', () => {
  it('[§3] is published as the JSON Schema it is checked with: npm run schemas', () => {
    const file = new URL('../../schemas/change-set.schema.json', import.meta.url);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(JSON.parse(publishedChangeSet()));
  });

  it('is read from text, bytes and objects alike', () => {
    const value = set([change, { path: 'b', directory: 'create', mode: '0700' }]);
    const text = JSON.stringify(value);
    expect(parseChangeSet(text)).toEqual(value);
    expect(parseChangeSet(Buffer.from(text))).toEqual(value);
    expect(parseChangeSet(value)).toEqual(value);
  });

  it.each([
    ['no entries', set([])],
    ['an unknown member', { ...set([change]), force: true }],
    ['an unknown member of an entry', set([{ ...change, approved: true }])],
    ['another version', { ...set([change]), schema_version: 'mex.change_set@2.0' }],
    ['a mode with set-user-id', set([{ ...change, mode: '4755' }])],
    ['a hash that is none', set([{ ...change, before_sha256: 'abc' }])],
  ])('%s is refused', (_name, value) => {
    expect(() => parseChangeSet(value)).toThrow(expect.objectContaining({ code: 'ENVELOPE_INVALID' }));
  });

  it('with two entries for one path is refused, and so is text with a member twice', () => {
    expect(() => parseChangeSet(set([change, change]))).toThrow(
      expect.objectContaining({ code: 'CHANGE_SET_INVALID' }),
    );
    const twice = JSON.stringify(set([change])).replace('"path":"a"', '"path":"a","path":"b"');
    expect(() => parseChangeSet(twice)).toThrow(expect.objectContaining({ code: 'JSON_DUPLICATE_KEY' }));
  });

  it('has a digest of what it does, not of the ids under which content is stored', () => {
    const one = parseChangeSet(set([change]));
    const other = parseChangeSet(
      set([{ ...change, after: { ...HANDLE, artifact_id: '018f0000-0000-7000-8000-000000000002' } }]),
    );
    expect(changeSetDigest(other)).toBe(changeSetDigest(one));
    for (const entry of [
      { ...change, mode: '0755' },
      { ...change, path: 'b' },
      { ...change, after: { ...HANDLE, sha256: 'b'.repeat(64) } },
    ]) {
      expect(changeSetDigest(parseChangeSet(set([entry])))).not.toBe(changeSetDigest(one));
    }
  });
});
