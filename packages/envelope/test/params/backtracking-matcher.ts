import type { PatternNode } from '../../src/params/pattern-syntax.ts';

/**
 * A matcher that tries every alternative in turn, as regular expression engines do, and counts its steps. Slow by
 * design: the count shows whether a pattern leaves choices that make the number of tries explode.
 */
export function countSteps(pattern: PatternNode, text: string, limit: number): { matches: boolean; steps: number } {
  const chars = Array.from(text, (char) => char.codePointAt(0) ?? 0);
  let steps = 0;

  const tick = (): void => {
    steps++;
    if (steps > limit) throw new Exploded();
  };

  const run = (node: PatternNode, at: number, next: (at: number) => boolean): boolean => {
    tick();
    switch (node.kind) {
      case 'chars': {
        const char = chars[at];
        return char !== undefined && node.set.some(([low, high]) => char >= low && char <= high) && next(at + 1);
      }
      case 'sequence':
        return runAll(node.parts, 0, at, next);
      case 'choice':
        return node.options.some((option) => run(option, at, next));
      case 'repeat':
        return repeat(node, 0, at, next);
    }
  };

  const runAll = (parts: readonly PatternNode[], index: number, at: number, next: (at: number) => boolean): boolean => {
    const part = parts[index];
    return part === undefined ? next(at) : run(part, at, (after) => runAll(parts, index + 1, after, next));
  };

  const repeat = (
    node: Extract<PatternNode, { kind: 'repeat' }>,
    done: number,
    at: number,
    next: (at: number) => boolean,
  ): boolean => {
    tick();
    const again = (after: number): boolean =>
      after === at && done >= node.least ? false : repeat(node, done + 1, after, next);
    if (done < node.most && run(node.body, at, again)) return true;
    return done >= node.least && next(at);
  };

  try {
    return { matches: run(pattern, 0, (at) => at === chars.length), steps };
  } catch (thrown) {
    if (thrown instanceof Exploded) return { matches: false, steps: Number.POSITIVE_INFINITY };
    throw thrown;
  }
}

class Exploded extends Error {}
