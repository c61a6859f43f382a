import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { type Anchor, AnchorIndex } from '../../src/scan/anchor-index.ts';

/** The obvious way to find words. */
function findPlainly(text: string, anchors: readonly Anchor<number>[]): string[] {
  const found: string[] = [];
  const lower = text.replace(/[A-Z]/g, (char) => char.toLowerCase());
  for (const { word, exact, payload } of anchors) {
    const sought = exact ? word : word.toLowerCase();
    const within = exact ? text : lower;
    for (let at = within.indexOf(sought); at >= 0; at = within.indexOf(sought, at + 1)) found.push(`${at}:${payload}`);
  }
  return found.sort();
}

function findIndexed(text: string, anchors: readonly Anchor<number>[]): string[] {
  const hits = new AnchorIndex(anchors).find(text) ?? [];
  return hits.map(({ start, payload }) => `${start}:${payload}`).sort();
}

const letters = fc.string({ minLength: 3, maxLength: 6, unit: fc.constantFrom('a', 'b', 'B', '_', '1', '-') });
const anchorsOf = (words: readonly string[], exact: boolean): Anchor<number>[] =>
  words.map((word, payload) => ({ word, exact, payload }));

describe('AnchorIndex', () => {
  it.each([true, false])('finds what a plain search finds (exact: %s)', (exact) => {
    const text = fc.string({ maxLength: 60, unit: fc.constantFrom('a', 'b', 'A', 'B', '_', '1', '-', 'é', '😀') });
    fc.assert(
      fc.property(fc.uniqueArray(letters, { minLength: 1, maxLength: 12 }), text, (words, haystack) => {
        const anchors = anchorsOf(words, exact);
        expect(findIndexed(haystack, anchors)).toEqual(findPlainly(haystack, anchors));
      }),
      { seed: 20261121, numRuns: 1500 },
    );
  });

  it('finds words across and beside the borders of its chunks, in ASCII and in other text', () => {
    const anchors = anchorsOf(['key', 'token', 'sk0'], false);
    for (const filler of ['x', 'é']) {
      for (let at = 16_376; at < 16_392; at++) {
        const text = `${filler.repeat(at)}token sk0${filler.repeat(16_384)}key`;
        expect(findIndexed(text, anchors), `offset ${at}`).toEqual(findPlainly(text, anchors));
      }
    }
  });

  it('tells nothing found by undefined, also for texts shorter than any word', () => {
    const index = new AnchorIndex(anchorsOf(['token'], false));
    for (const text of ['', 't', 'to', 'tok', 'a clean text']) expect(index.find(text)).toBeUndefined();
  });
});

describe('AnchorIndex without TextEncoder', () => {
  it('reads code units one by one and finds the same, as in a sandbox that has none', async () => {
    vi.stubGlobal('TextEncoder', undefined);
    vi.resetModules();
    try {
      const { AnchorIndex: Bare } = await import('../../src/scan/anchor-index.ts');
      const index = new Bare(anchorsOf(['token', 'key'], false));
      const text = `é token ${'x'.repeat(20_000)} KEY`;
      expect(index.find(text)?.map(({ start }) => start)).toEqual([2, 20_009]);
    } finally {
      vi.unstubAllGlobals();
      vi.resetModules();
    }
  });
});
