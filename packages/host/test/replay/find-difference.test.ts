import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findDifference } from '../../src/replay/find-difference.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);
const find = (before: string, now: string, isJson = false) => findDifference(bytes(before), bytes(now), isJson);

describe('where two contents part', () => {
  it.each([
    ['same', 'same', undefined],
    ['', 'x', { offset: 0, line: 1, before: '', now: 'x' }],
    ['a\nb\nc', 'a\nb\n', { offset: 4, line: 3, before: 'c', now: '' }],
    ['a\nb', 'a\nbc', { offset: 3, line: 2, before: 'b', now: 'bc' }],
    ['a\nb', 'a b', { offset: 1, line: 1, before: 'a', now: 'a b' }],
  ])('%j and %j', (before, now, place) => {
    expect(find(before, now)).toEqual(place);
  });

  it('JSON: the first value that differs, by its pointer; a member that is missing; other order only', () => {
    expect(find('{"a":{"b/c":[1,2]}}', '{"a":{"b/c":[1,3]}}', true)?.pointer).toBe('/a/b~1c/1');
    expect(find('{"a":1}', '{"a":1,"z":2}', true)?.pointer).toBe('/z');
    expect(find('{"a":1,"b":2}', '{"b":2,"a":1}', true)?.pointer).toBeUndefined();
    expect(find('{"a":1', '{"a":2', true)?.pointer).toBeUndefined();
  });

  it('shows nothing of what is no text', () => {
    expect(findDifference(new Uint8Array([0, 1]), new Uint8Array([0, 2]), false)).toEqual({ offset: 1 });
  });

  it('[§14 E] masks secrets, also one that the place cuts in two, and takes control characters out', () => {
    const token = ['gh', 'p_', 'x7Kq2LmN9vRt4WzY8bCd3FgHj6Ps1Qa5Ue0T'].join('');
    const line = `${'-'.repeat(70)} ${token} ${'-'.repeat(70)}`;
    for (const at of [0, 60, 75, 100, 112, 150]) {
      const changed = `${line.slice(0, at)}!${line.slice(at)}`;
      const place = find(line, changed);
      expect([at, place?.before?.includes(token.slice(8, 24))]).toEqual([at, false]);
    }
    expect(find('a\u001b[31mb', 'a\u001b[31mc')?.now).not.toContain('\u001b');
  });

  it('names the first byte that differs, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.uint8Array({ maxLength: 60 }), (before, now) => {
        const place = findDifference(before, now, false);
        const offset = place?.offset ?? before.length;
        if (place === undefined) expect(now.length).toBe(before.length);
        expect(before.subarray(0, offset)).toEqual(now.subarray(0, offset));
        if (place !== undefined) expect(before[offset]).not.toBe(now[offset]);
      }),
      { numRuns: 500, seed: 20261121 },
    );
  });
});
