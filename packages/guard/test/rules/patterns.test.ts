import { describe, expect, it } from 'vitest';
import { findSecrets } from '../../src/find-secrets.ts';
import { redact } from '../../src/redact.ts';
import { TOKEN_RULES } from '../../src/rules/catalog.ts';
import { picker, shapeOf } from '../samples.ts';

/** A longer run could be tried again from each of its parts: the rule must say what keeps tries apart. */
const LONGEST_WITHOUT_APART = 700;
/** Their look-behind at other text, or their proof, is more than a pattern tells. */
const NEEDS_MORE_THAN_PATTERN = new Set([
  'json-web-token',
  'json-web-token-base64',
  'command-line-user',
  'connection-string-password',
  'http-basic',
]);

function sampleOf(pattern: RegExp, seed: number): string {
  return shapeOf(pattern).sample(picker(seed));
}

describe('token rules as data', () => {
  it('have unique ids, descriptions and anchors of at least three ASCII characters', () => {
    expect(new Set(TOKEN_RULES.map((rule) => rule.id)).size).toBe(TOKEN_RULES.length);
    for (const rule of TOKEN_RULES) {
      expect(rule.id, rule.id).toMatch(/^[a-z][a-z0-9-]+$/);
      expect(rule.description.length, rule.id).toBeGreaterThan(5);
      expect(rule.keywords.length, rule.id).toBeGreaterThan(0);
      for (const word of rule.keywords) expect(word, rule.id).toMatch(/^[ -~\n]{3,}$/);
    }
  });

  it.each(TOKEN_RULES.map((rule) => [rule.id, rule] as const))(
    '%s cannot backtrack: bounded, and no variable repetition inside another',
    (_, rule) => {
      const { longest, nested } = shapeOf(rule.pattern);
      expect(nested).toBe(false);
      expect(longest).toBeLessThan(24_000);
      if (longest > LONGEST_WITHOUT_APART)
        expect(rule.apart !== undefined || rule.distinct === 0 || longest < 2_500).toBe(true);
      expect(rule.pattern.global || rule.pattern.sticky).toBe(false);
    },
  );

  it.each(TOKEN_RULES.filter((rule) => !NEEDS_MORE_THAN_PATTERN.has(rule.id)).map((rule) => [rule.id, rule] as const))(
    '%s finds what its format describes, in a line, in JSON and in an environment file',
    (id, rule) => {
      let found = 0;
      for (let seed = 1; seed <= 12; seed++) {
        const sample = sampleOf(rule.pattern, seed);
        const text = rule.id === 'url-password' ? `${sample}host` : sample;
        const contexts = [`see ${text} here`, `\n${text}\n`];
        if (!/["\\\n]/.test(text)) contexts.push(JSON.stringify({ note: ` ${text} ` }));
        if (contexts.every((context) => findSecrets(context).length > 0 && redact(context) !== context)) found++;
      }
      // Not every draw is random enough to be told from a placeholder.
      expect(found, id).toBeGreaterThan(6);
    },
  );
});
