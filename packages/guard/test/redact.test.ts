import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MASK } from '../src/context/placeholder.ts';
import { findSecrets } from '../src/find-secrets.ts';
import { containsSecret, redact } from '../src/redact.ts';
import { TOKEN_RULES } from '../src/rules/catalog.ts';
import { ALNUM, HEX, picker, randomText, shapeOf } from './samples.ts';

const seed = 20261121;
const github = `gh${'p_'}${randomText(36, ALNUM, 7)}`;

/** Ordinary text, secrets of every format, names with values, and glue that brings them into each other's way. */
const piece = fc.oneof(
  fc.string({ maxLength: 12, unit: 'binary' }),
  fc.constantFrom(
    ' ',
    '\n',
    '"',
    "'",
    '=',
    ': ',
    '\\n',
    '/',
    '-',
    ',',
    '{',
    '&',
    MASK,
    'token',
    'password',
    'api_key',
    'secret=',
    '://u:',
    '@h',
    'Bearer ',
    'kind: Secret\n',
  ),
  fc.record({ at: fc.nat(TOKEN_RULES.length - 1), seed: fc.nat(1000) }).map(({ at, seed: n }) => {
    const rule = TOKEN_RULES[at];
    return rule === undefined ? '' : shapeOf(rule.pattern).sample(picker(n + 1));
  }),
  fc.nat(1000).map((n) => randomText(32, HEX, n + 1)),
  fc.nat(1000).map((n) => randomText(24, ALNUM, n + 1)),
);
const text = fc.array(piece, { maxLength: 14 }).map((pieces) => pieces.join(''));

describe('redact', () => {
  it('[§9] masks the value and nothing else', () => {
    expect(redact(`Authorization: token ${github}, next`)).toBe(`Authorization: token ${MASK}, next`);
    expect(redact(`a ${github} b ${github} c`)).toBe(`a ${MASK} b ${MASK} c`);
  });

  it('returns the very same string when there is nothing to mask', () => {
    for (const clean of [
      '',
      'short',
      'a sentence about a password and a token',
      '{"key":"value","token_usage":{"input":12345678901234567890}}',
    ]) {
      expect(redact(clean)).toBe(clean);
      expect(containsSecret(clean)).toBe(false);
    }
  });

  it('[§11] is idempotent, so a hash taken after redaction stays the hash', () => {
    fc.assert(
      fc.property(text, (input) => {
        const once = redact(input);
        expect(redact(once) === once).toBe(true);
      }),
      { seed, numRuns: 1500 },
    );
  });

  it('[§9] no found value survives, containsSecret agrees, and only the found places change', () => {
    fc.assert(
      fc.property(text, (input) => {
        const findings = findSecrets(input);
        const masked = redact(input);
        expect(containsSecret(input)).toBe(findings.length > 0);
        expect(masked === input).toBe(findings.length === 0);
        expect(containsSecret(masked)).toBe(false);
        for (const { start, end } of findings) {
          // A value that also stands where nothing tells it from ordinary text is not looked for.
          const value = input.slice(start, end);
          if (value.length >= 20 && input.indexOf(value) === input.lastIndexOf(value))
            expect(masked.includes(value)).toBe(false);
        }
      }),
      { seed, numRuns: 1500 },
    );
  });

  it('offsets are UTF-16: characters beyond the basic plane before a secret do not move the mask', () => {
    expect(redact(`😀é ${github} 😀`)).toBe(`😀é ${MASK} 😀`);
    expect(findSecrets(`😀\n é${github.slice(0, 0)} ${github}`)[0]).toMatchObject({ line: 2, column: 4, start: 6 });
  });

  it('a finding never holds the value; a fingerprint is what the caller makes of it', () => {
    const [finding] = findSecrets(`x ${github}`, { fingerprint: (value) => `n${value.length}` });
    expect(JSON.stringify(finding)).not.toContain(github.slice(4));
    expect(finding).toMatchObject({ rule: 'github-token', confidence: 'high', fingerprint: 'n40' });
  });

  it('leaves out findings below the wanted confidence', () => {
    const weak = `password = "${['hun', 'ter'].join('')}22"`;
    expect(findSecrets(weak)).toHaveLength(1);
    expect(findSecrets(weak, { minConfidence: 'medium' })).toHaveLength(0);
  });
});
