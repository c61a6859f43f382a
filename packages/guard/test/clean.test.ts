import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { findSecrets } from '../src/find-secrets.ts';
import { containsSecret } from '../src/redact.ts';
import { HEX, randomText } from './samples.ts';

const uuid = (seed: number) => {
  const hex = randomText(32, HEX, seed);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
};
const sha = (seed: number) => randomText(64, HEX, seed);

/** One of each kind of event, full of ids and hashes, as the recorder writes them. */
const eventsOf = (n: number): readonly Record<string, unknown>[] => [
  {
    type: 'terminal_command',
    session_id: uuid(n),
    cwd: '/shadow/1',
    command: 'git',
    args: ['rev-parse', sha(n).slice(0, 40)],
    exit_code: 0,
    stdout_ref: uuid(n + 1),
  },
  {
    type: 'editor_edit',
    path: 'src/token-store.ts',
    before_hash: sha(n + 2),
    after_hash: sha(n + 3),
    diff_hash: sha(n + 4),
    ops: 3,
  },
  {
    type: 'llm_inference',
    trace_id: uuid(n + 5),
    model_id: 'a-model-2026-01',
    token_usage: { input: 1200, output: 88 },
    prompt_hash: sha(n + 6),
  },
  {
    type: 'tool_call',
    tool_call_id: uuid(n + 7),
    idempotency_key: uuid(n + 8),
    capability_ids: ['secrets.use:github_main_2024'],
    args_hash: sha(n + 9),
    ok: true,
  },
  {
    type: 'capability_check',
    capability_id: 'secrets.use:registry_token_2',
    actor_id: uuid(n + 10),
    decision_outcome: 'allow',
  },
  {
    type: 'gov_decision_created',
    decision_id: uuid(n + 11),
    gate_type: 'CloudEscalation',
    evidence_refs: [uuid(n + 12)],
    confidence: 0.9,
  },
  {
    type: 'system',
    subject: 'engine_run',
    engine_id: 'engine.guard.secret_scan',
    op_id: uuid(n + 13),
    content_hash: sha(n + 14),
    cache_key: sha(n + 15),
    public_key: sha(n + 16),
  },
  {
    type: 'system',
    subject: 'gate_outcome',
    outcome: 'pass',
    config_hash: sha(n + 17),
    signature_id: uuid(n + 18),
    key_id: uuid(n + 19),
    token_count: 31_415_926_535,
  },
];

describe('clean text', () => {
  it('[§11] no event of any kind loses an id or a hash', () => {
    for (let n = 1; n < 400; n += 20) {
      for (const [index, event] of eventsOf(n).entries())
        expect(containsSecret(JSON.stringify(event)), `event ${index}, draw ${n}`).toBe(false);
    }
  });

  it.each([
    ['a commit in an address', `uses: actions/checkout@${sha(1).slice(0, 40)}`],
    ['an integrity field', `"integrity": "sha512-${randomText(86, 'ABCDEFGHabcdefgh0123456789+/', 2)}=="`],
    ['a path that speaks of keys', `https://registry.example/path-key/-/path-key-3.1.1.tgz#${sha(3).slice(0, 40)}`],
    ['a fingerprint', `gpg --recv-keys ${sha(4).slice(0, 40).toUpperCase()}`],
    ['a resource name of a cloud', `arn:aws:kms:eu-west-1:123456789012:key/${uuid(5)}`],
    [
      'code',
      "const token = await readToken(config.auth.token2Path);\nif (password !== expected) throw new Error('password wrong');",
    ],
    ['constants', 'ANY_SAMPLES_PASSED: 0x8C2F,\nreadonly STENCIL_PASS_DEPTH_FAIL: 0x0B95;\nPASSTHROUGH: "passthrough"'],
    ['a long name', 'lookAhead(nextTokenIsUsingKeywordThenBindingIdentifierOrStartOfObjectDestructuringAndSoOn4Ever2)'],
    ['a public key', `"key": "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD${randomText(87, 'ABCDEFGHabcdefgh0123456789', 8)}=="`],
    ['types', 'interface Login { password: string; token?: string; apiKey: string | undefined }'],
    [
      'templates',
      'password: ${DB_PASSWORD}\ntoken: {{ secrets.TOKEN }}\nkey: <your-api-key>\nsecret: %SECRET%\npass: $PASS',
    ],
    [
      'placeholders',
      'password=changeme token=your_token_here secret=xxxxxxxxxxxxxxxx api_key=0123456789 key=aaaaaaaaaaaaaaaaaaaaaaaa',
    ],
    [
      'a program that speaks of keys',
      `const MARKS = ['-----BEGIN PRIVATE${' KEY'}-----', 'token=', 'key: key', 'secret-', 'and more words, none of them a key',\n  'PRIVATE KEY'];`,
    ],
    ['hosts that lead nowhere', 'https://user:secret@host.example/x ftp://u:password@192.0.2.1/ https://a:pass@b.test'],
    ['masks', 'https://user:***@host password=****** token=***REDACTED***'],
    ['prose', 'Pass the token to the server; the secret is kept in a vault, and the password is never shown.'],
  ])('leaves %s alone', (_, text) => {
    expect(findSecrets(text).map(({ rule, start }) => `${rule}@${start}`)).toEqual([]);
  });

  const LOCKFILES = new URL('../../../../shared/data/lockfiles/', import.meta.url);
  const present = existsSync(LOCKFILES);
  const because = present ? '' : ' — SKIPPED: ../shared/data/lockfiles is not here';
  if (!present) console.warn(`guard clean text${because}`);

  it.skipIf(!present)(`[§13] real lockfiles, full of digests, hold next to nothing${because}`, () => {
    let findings = 0;
    let megabytes = 0;
    for (const path of readdirSync(LOCKFILES, { recursive: true, encoding: 'utf8' })) {
      if (!/(?:lock|shrinkwrap|sum)[^/]*$/.test(path) || !/\.(?:json|yaml|lock|sum)$/.test(path)) continue;
      const text = readFileSync(new URL(path, LOCKFILES), 'utf8').slice(0, 400_000);
      findings += findSecrets(text, { path }).length;
      megabytes += text.length / 1e6;
    }
    expect(megabytes).toBeGreaterThan(5);
    expect(findings).toBeLessThan(4);
  });
});
