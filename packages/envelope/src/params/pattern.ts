import { type CharSet, doOverlap } from './char-set.ts';
import { type PatternNode, parsePattern } from './pattern-syntax.ts';

/*
 * A pattern of an engine author meets a text of a planner, in this process and in every other that reads the published
 * schema, all of them with backtracking engines. Backtracking is harmless when it never has a choice: when at each
 * point of the pattern the next character decides how to go on (a "deterministic" or one-unambiguous expression), the
 * engine looks at each character a bounded number of times per starting point. That is checked on the pattern's
 * position automaton (Glushkov), as XML Schema and DTDs demand of content models.
 */

const MAX_PATTERN_CHARS = 512;
const MAX_POSITIONS = 1_000;

/** Characters of the pattern that can come first, come last, and whether it can match nothing. */
interface Part {
  readonly first: readonly number[];
  readonly last: readonly number[];
  readonly isNullable: boolean;
}

const NOTHING: Part = { first: [], last: [], isNullable: true };

/** Why a pattern is outside the dialect; `undefined` when it is inside, and then it compiles with the `u` flag. */
export function patternFault(source: string): string | undefined {
  if (source.length > MAX_PATTERN_CHARS) return `pattern has more than ${MAX_PATTERN_CHARS} characters`;
  try {
    RegExp(source, 'u');
  } catch {
    return 'pattern is no ECMAScript regular expression with the u flag';
  }
  const node = parsePattern(source);
  if (node === undefined) return 'pattern uses look-around, a backreference, \\b, a named group or a modifier';
  return new Automaton().isDeterministic(node)
    ? undefined
    : 'pattern leaves a choice that the next character does not decide (such as (a+)+, (a|ab) or a*a), or is too large';
}

class Ambiguous extends Error {}

class Automaton {
  private readonly sets: CharSet[] = [];
  private readonly follow: Set<number>[] = [];

  isDeterministic(node: PatternNode): boolean {
    try {
      const { first } = this.build(node);
      return [first, ...this.follow].every((next) => !this.overlap(next));
    } catch (thrown) {
      if (thrown instanceof Ambiguous) return false;
      throw thrown;
    }
  }

  private overlap(positions: Iterable<number>): boolean {
    return doOverlap([...positions].map((position) => this.sets[position] ?? []));
  }

  private build(node: PatternNode): Part {
    switch (node.kind) {
      case 'chars':
        return this.position(node.set);
      case 'sequence':
        return node.parts.reduce((before: Part, part) => this.join(before, this.build(part)), NOTHING);
      case 'choice':
        return this.choose(node.options.map((option) => this.build(option)));
      case 'repeat':
        return this.repeat(node.body, node.least, node.most);
    }
  }

  private position(set: CharSet): Part {
    const position = this.sets.length;
    if (position >= MAX_POSITIONS) throw new Ambiguous();
    this.sets.push(set);
    this.follow.push(new Set());
    return { first: [position], last: [position], isNullable: false };
  }

  private join(before: Part, after: Part): Part {
    this.connect(before, after);
    return {
      first: before.isNullable ? [...before.first, ...after.first] : before.first,
      last: after.isNullable ? [...before.last, ...after.last] : after.last,
      isNullable: before.isNullable && after.isNullable,
    };
  }

  /** Two ways from one position to the next, as in `(a+)+`, are a choice even though the character is the same. */
  private connect(before: Part, after: Part): void {
    for (const position of before.last) {
      const follow = this.follow[position];
      for (const next of after.first) {
        if (follow === undefined || follow.has(next)) throw new Ambiguous();
        follow.add(next);
      }
    }
  }

  /** Two options that match nothing, as in `(a?|b?)`, are a choice that no character decides. */
  private choose(options: readonly Part[]): Part {
    if (options.filter((option) => option.isNullable).length > 1) throw new Ambiguous();
    return {
      first: options.flatMap((option) => option.first),
      last: options.flatMap((option) => option.last),
      isNullable: options.some((option) => option.isNullable),
    };
  }

  /** `{2,4}` is the body twice, then optionally a third and within that a fourth time. */
  private repeat(body: PatternNode, least: number, most: number): Part {
    if (most === 0) return NOTHING;
    let whole = NOTHING;
    let last: Part = NOTHING;
    for (let copy = 1; copy <= Math.max(least, most === Number.POSITIVE_INFINITY ? 1 : most); copy++) {
      const part = this.build(body);
      // An empty repetition can be repeated in any number of ways.
      if (part.isNullable) throw new Ambiguous();
      const isOptional = copy > least;
      this.connect(last, part);
      whole = {
        first: copy === 1 ? part.first : whole.first,
        last: isOptional ? [...whole.last, ...part.last] : part.last,
        isNullable: least === 0,
      };
      last = part;
    }
    if (most === Number.POSITIVE_INFINITY) this.connect(last, last);
    return whole;
  }
}
