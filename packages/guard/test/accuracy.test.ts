import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { findSecrets } from '../src/find-secrets.ts';

/** Public samples of several scanners, kept outside the repository because they look live. */
const DATA = new URL('../../../../shared/data/secrets/labelled.json.gz', import.meta.url);

/** Floors, a little below what was measured; raise them when the rules get better. */
const FLOOR = {
  recall: 0.963,
  recallByRule: 0.909,
  leftAlone: 0.87,
  leftAloneByRule: 0.85,
  leftAloneUncontested: 0.97,
};

/**
 * Negatives that are another rule's secret, judged one by one: rule of the negative, rule that finds it, and why it is right
 * to. A negative says only that the rule it was written for should not match.
 */
const OTHERS_SECRET: readonly (readonly [negative: RegExp, finding: RegExp, why: string])[] = [
  [/^np\.generic\.1$/, /^azure-ad-secret$/, 'an Azure AD client secret, by its marker'],
  [/^np\.generic\.9$/, /^connection-string-password$/, 'the password of a database, in plain text'],
  [/^np\.gitalk\.1$/, /^assigned-secret$/, 'an OAuth client secret, in escaped quotes'],
  [/^np\.hashicorp\.\d$/, /^(?:hashicorp-vault|provider-credential)$/, 'batch and recovery tokens of Vault'],
  [/^np\.jwt\.1$/, /^json-web-token$/, 'a signed token given as a clear-text password'],
  [/^np\.mongodb\.1$/, /^url-password$/, 'the password of a database, reached by a socket'],
  [/^np\.slack\.\d$/, /^slack-token$/, 'the other of two forms of Slack bot tokens'],
  [/^gitlab_token$/, /^github-token$/, 'a GitHub token among GitLab samples'],
  [/^anthropic-admin-api-key$/, /^anthropic-key$/, 'the other of two kinds of Anthropic keys'],
  [
    /^cloudflare-/,
    /^(?:provider-credential|cloudflare-)/,
    'each of three Cloudflare rules counts the others as negatives',
  ],
  [/^freemius-secret-key$/, /^freemius-key$/, 'the key of the positives, in a file that is not PHP'],
];

interface Entry {
  readonly rule: string;
  readonly kind: 'tp' | 'fp';
  readonly text: string;
  readonly path?: string;
}

interface Score {
  readonly micro: number;
  readonly macro: number;
}

function findingsOf({ text, path }: Entry) {
  return findSecrets(text, path === undefined ? {} : { path });
}

/** Share of entries judged right, each alone (micro) and averaged by rule first (macro). */
function scoreOf(entries: readonly Entry[], isRight: (entry: Entry) => boolean): Score {
  const byRule = new Map<string, boolean[]>();
  for (const entry of entries) byRule.set(entry.rule, [...(byRule.get(entry.rule) ?? []), isRight(entry)]);
  const share = (verdicts: readonly boolean[]) => verdicts.filter(Boolean).length / verdicts.length;
  const rules = [...byRule.values()];
  return {
    micro: share(rules.flat()),
    macro: rules.reduce((sum, verdicts) => sum + share(verdicts), 0) / rules.length,
  };
}

const present = existsSync(DATA);
const entries: readonly Entry[] = present ? JSON.parse(gunzipSync(readFileSync(DATA)).toString('utf8')) : [];
const positives = entries.filter((entry) => entry.kind === 'tp');
const negatives = entries.filter((entry) => entry.kind === 'fp');
const because = present
  ? ''
  : ' — SKIPPED: ../shared/data/secrets/labelled.json.gz is not here, accuracy was NOT measured';
if (!present) console.warn(`guard accuracy${because}`);

describe.skipIf(!present)(`accuracy on labelled samples${because}`, () => {
  it(`[§13] finds at least ${FLOOR.recall * 100} % of the secrets, ${FLOOR.recallByRule * 100} % averaged by rule`, () => {
    const { micro, macro } = scoreOf(positives, (entry) => findingsOf(entry).length > 0);
    console.info(`recall ${micro.toFixed(4)}, by rule ${macro.toFixed(4)}`);
    expect(micro).toBeGreaterThan(FLOOR.recall);
    expect(macro).toBeGreaterThan(FLOOR.recallByRule);
  });

  it(`leaves at least ${FLOOR.leftAlone * 100} % of the negatives alone, ${FLOOR.leftAloneByRule * 100} % averaged by rule`, () => {
    const { micro, macro } = scoreOf(negatives, (entry) => findingsOf(entry).length === 0);
    console.info(`left alone ${micro.toFixed(4)}, by rule ${macro.toFixed(4)}`);
    expect(micro).toBeGreaterThan(FLOOR.leftAlone);
    expect(macro).toBeGreaterThan(FLOOR.leftAloneByRule);
  });

  it(`leaves at least ${FLOOR.leftAloneUncontested * 100} % alone of the negatives whose value is no other rule's secret`, () => {
    const secrets = positives.map((entry) => entry.text).join('\n');
    const contested = (entry: Entry) => {
      const findings = findingsOf(entry);
      const others = OTHERS_SECRET.filter(([negative]) => negative.test(entry.rule));
      const isOthers = (rule: string) => others.some(([, finding]) => finding.test(rule));
      return (
        findings.length > 0 &&
        findings.every(({ rule, start, end }) => isOthers(rule) || secrets.includes(entry.text.slice(start, end)))
      );
    };
    const { micro, macro } = scoreOf(
      negatives.filter((entry) => !contested(entry)),
      (entry) => findingsOf(entry).length === 0,
    );
    console.info(
      `left alone, uncontested ${micro.toFixed(4)}, by rule ${macro.toFixed(4)}; contested ${negatives.filter(contested).length}`,
    );
    expect(micro).toBeGreaterThan(FLOOR.leftAloneUncontested);
  });

  it('[§9] every place is inside its text, in order, without overlap, and tells its line and column', () => {
    for (const [index, entry] of entries.entries()) {
      let last = 0;
      for (const { rule, start, end, line, column } of findingsOf(entry)) {
        const lines = entry.text.slice(0, start).split('\n');
        const right =
          start >= last &&
          end > start &&
          end <= entry.text.length &&
          line === lines.length &&
          column === (lines.at(-1)?.length ?? 0) + 1;
        expect(right, `entry ${index}, rule ${rule}`).toBe(true);
        last = end;
      }
    }
  });
});
