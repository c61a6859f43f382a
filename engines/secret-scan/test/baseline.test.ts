import { describe, expect, it } from 'vitest';
import { scan, token, weakPassword } from './tree.ts';

const TIME = '2026-11-21T12:00:00Z';
const secret = token(21);
const files = { 'a.env': `# one\nTOKEN=${secret}\n`, 'b.ini': `password = ${weakPassword(1)}\n` };

async function fingerprints(tree: Readonly<Record<string, string>>): Promise<string[]> {
  const { report } = await scan(tree);
  return report.findings.map(({ properties }) => String(properties?.['fingerprint']));
}

const entry = (fingerprint: string | undefined, expires = '2026-12-31') => ({
  fingerprint: fingerprint ?? '',
  reason: 'a sample of the manual',
  author: 'somebody',
  expires,
});

describe('fingerprints', () => {
  it('stay when lines move, and differ by rule, path and value', async () => {
    const before = await fingerprints(files);
    const moved = await fingerprints({
      'a.env': `# one\n# two\n\nTOKEN=${secret}\n`,
      'b.ini': `\n\npassword = ${weakPassword(1)}\n`,
    });
    expect(moved).toEqual(before);
    expect(
      new Set([...before, ...(await fingerprints({ 'c.env': files['a.env'], 'd.ini': files['b.ini'] }))]).size,
    ).toBe(4);
    const [other] = await fingerprints({ 'a.env': `TOKEN=${token(22)}\n` });
    expect(before).not.toContain(other);
    for (const one of before) expect(one).toMatch(/^[0-9a-f]{32}$/);
  });

  it('[§14] of a password hold nothing of it: who tries a list learns nothing', async () => {
    const [one] = await fingerprints({ 'b.ini': `password = ${weakPassword(1)}\n` });
    const [two] = await fingerprints({ 'b.ini': `password = ${weakPassword(2)}\n` });
    expect(one).toBe(two);
  });
});

describe('baseline', () => {
  it('accepts what it names, until its last day; the rest stays open', async () => {
    const [first] = await fingerprints(files);
    const { report, summary, outputs } = await scan(files, { timestamp: TIME, baseline: [entry(first, '2026-11-21')] });
    expect(report.findings).toHaveLength(1);
    expect(summary).toMatchObject({ secrets: 1, accepted: 1, baseline_expired: 0 });
    const sarif = JSON.parse(outputs.get('secrets.sarif') ?? '');
    expect(
      sarif.runs[0].results.map((result: { suppressions?: unknown }) => result.suppressions !== undefined),
    ).toEqual([false, true]);
  });

  it('an expired entry counts as absent and is a warning', async () => {
    const [first] = await fingerprints(files);
    const { report, problems, summary } = await scan(files, {
      timestamp: TIME,
      baseline: [entry(first, '2026-11-20')],
    });
    expect(report.findings).toHaveLength(2);
    expect(summary).toMatchObject({ accepted: 0, baseline_expired: 1 });
    expect(problems.find(({ code }) => code === 'SECRET_BASELINE_EXPIRED')?.severity).toBe('warning');
  });

  it('without a time no entry counts: the clock stands still and would keep every one alive', async () => {
    const [first] = await fingerprints(files);
    const { report, problems } = await scan(files, { baseline: [entry(first)] });
    expect(report.findings).toHaveLength(2);
    expect(problems.find(({ code }) => code === 'SECRET_BASELINE_EXPIRED')?.message).toMatch(/params.timestamp/);
  });

  it('entries that accept nothing are named', async () => {
    const { problems } = await scan(files, { timestamp: TIME, baseline: [entry('0'.repeat(32))] });
    expect(problems.find(({ code }) => code === 'SECRET_BASELINE_UNUSED')?.message).toContain('0'.repeat(32));
  });

  it('comes as a document, too', async () => {
    const [first] = await fingerprints(files);
    const document = JSON.stringify({ schema_version: 'mex.secret_baseline@1', entries: [entry(first)] });
    const { summary } = await scan(files, { timestamp: TIME }, document);
    expect(summary).toMatchObject({ accepted: 1 });
  });

  it.each([
    ['no JSON', '{'],
    ['another document', '{"schema_version":"x","entries":[]}'],
    [
      'an entry without reason',
      JSON.stringify({ schema_version: 'mex.secret_baseline@1', entries: [{ ...entry('a'.repeat(32)), reason: '' }] }),
    ],
    [
      'a member nobody knows',
      JSON.stringify({ schema_version: 'mex.secret_baseline@1', entries: [{ ...entry('a'.repeat(32)), all: true }] }),
    ],
    [
      'a name twice',
      '{"schema_version":"mex.secret_baseline@1","schema_version":"mex.secret_baseline@1","entries":[]}',
    ],
  ])('%s is refused', async (_, document) => {
    await expect(scan(files, { timestamp: TIME }, document)).rejects.toMatchObject({ code: 'SECRET_BASELINE_INVALID' });
  });
});
