import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkPolicyFile, type PolicyCheck } from '@mex/host';
import { afterAll, describe, expect, it } from 'vitest';

const dir = mkdtempSync(join(tmpdir(), 'mex-policy-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const file = join(dir, 'policy.json');
const check = (text: string): Promise<PolicyCheck> => {
  writeFileSync(file, text);
  return checkPolicyFile(file);
};
const lines = (...rest: string[]): string =>
  ['{', '  "schema_version": "mex.policy@1.0",', '  "allow_uncertified_engines": false,', ...rest, '}'].join('\n');
const settings = ({ remarks }: PolicyCheck): string[] => remarks.map(({ setting }) => setting);

describe('[§16] what is wrong with a policy, and where', () => {
  it.each([
    ['a text that is no JSON', lines('  "profiles": {,'), '', undefined, 'line 4, column 16'],
    ['an unknown setting', lines('  "allow_all": true'), 'allow_all', 4, 'allow_all'],
    [
      'an unknown member of a tool',
      lines('  "tools": {', '    "git": {"shell": true}}'),
      'tools.git.shell',
      5,
      'shell',
    ],
    ['a wrong type', lines('  "private_hosts": [', '    "a.example",', '    7]'), 'private_hosts.1', 6, 'string'],
    ['an unknown capability', lines('  "denied_capabilities": ["fs.fly"]'), 'denied_capabilities.0', 4, 'fs.fly'],
    ['a profile nobody defined', lines('  "default_profile": "Root"'), 'default_profile', 4, 'Root'],
    [
      'a tool with a path that is none',
      lines('  "tools": {"x": {"path": "/a/../b"}}'),
      'tools.x',
      4,
      'no absolute path',
    ],
    [
      'a looser table',
      lines(`  "governance": {"gates": {"ScopeChange": ${ROW()}}}`),
      'governance.gates',
      4,
      'stricter',
    ],
  ])('%s', async (_name, text, setting, line, words) => {
    const { valid, remarks } = await check(text);
    expect(valid).toBe(false);
    expect(remarks[0]).toMatchObject({ severity: 'error', setting, ...(line === undefined ? {} : { line }) });
    expect(remarks[0]?.message).toContain(words);
  });

  it.each([
    ['plain http', { url: 'http://model.example/v1' }, 'https:'],
    ['a user name in the address', { url: 'https://ada@model.example/v1' }, 'https:'],
    ['no address', { url: 'model.example' }, 'https:'],
    [
      'a secret in a header',
      { url: 'https://model.example/', headers: { authorization: `Bearer gh${'p_'}${'a1B2c3D4e5F6'.repeat(3)}` } },
      '{{secret:<id>}}',
    ],
  ])('[§12] a model elsewhere with %s', async (_name, model, words) => {
    const governance = JSON.stringify({ cloud: { enabled: true, models: { 'model-1': model } } });
    const { valid, remarks } = await check(lines(`  "governance": ${governance}`));
    expect([valid, remarks[0]?.message]).toEqual([false, expect.stringContaining(words)]);
  });

  it('names all of them, not only the first', async () => {
    expect(settings(await check(lines('  "a": 1,', '  "private_hosts": [1, 2]')))).toHaveLength(3);
  });

  it('finds a name that is written with an escape, and one behind nested values', async () => {
    const text = lines('  "profiles": {"A": ["fs.read:inputs"]}, "default_profile": "A",', '  "qu\\u006fta": {"x": 1}');
    expect((await check(text)).remarks[0]).toMatchObject({ setting: 'quota.x', line: 5 });
  });

  it('a link that leads nowhere is not the built-in policy', async () => {
    const link = join(dir, 'link.json');
    symlinkSync(join(dir, 'nowhere'), link);
    expect(await checkPolicyFile(link)).toMatchObject({ valid: false });
    expect(await checkPolicyFile(join(dir, 'none.json'))).toMatchObject({ valid: true, source: 'built-in' });
    expect(await checkPolicyFile(join(dir, 'none.json'), true)).toMatchObject({ valid: false });
  });

  it('shows a secret that stands in the wrong place to nobody', async () => {
    const token = `gh${'p_'}${'a1B2c3D4e5F6'.repeat(3)}`;
    expect(JSON.stringify(await check(lines(`  "denied_capabilities": ["${token}"]`)))).not.toContain(token);
  });
});

function ROW(): string {
  return JSON.stringify({ FULL_HUMAN: 'human', HYBRID: 'auto', AUTONOMOUS: 'auto' });
}

describe('what is dangerous in a policy', () => {
  it('nothing, in one that names what it needs', async () => {
    const checked = await check(lines('  "profiles": {"Analyst": ["fs.read:inputs", "net.http:api.example"]}'));
    expect(checked).toMatchObject({ valid: true, remarks: [], sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  it.each([
    ['"tiers": {"untrusted": "thread"}', ['tiers.untrusted']],
    ['"tier": "thread"', ['tiers.untrusted']],
    ['"engine_tiers": {"engine.a.b": "thread", "engine.a.c": "process"}', ['engine_tiers.engine.a.b']],
    ['"tools": {"git": {"options": "any", "sha256": "SHA"}}', ['tools.git.options']],
    ['"tools": {"git": {"options": ["-q"]}}', ['tools.git']],
    ['"private_hosts": ["intranet.example:8080"]', ['private_hosts.0']],
    ['"profiles": {"Analyst": ["net.http", "net.http:*.example.org", "net.http:a.example"]}', [0, 1]],
    ['"secret_hosts": {"key": ["*.example.org", "a.example"]}', ['secret_hosts.key.0']],
    ['"readable_secrets": {"engine.a.b": ["key"]}', ['readable_secrets.engine.a.b.0']],
    ['"read_scopes": {"all": "/", "docs": "/srv/docs"}', ['read_scopes.all']],
    [
      '"governance": {"cloud": {"enabled": true, "models": {"m": {"url": "https://m.example/", "headers": {"authorization": "Bearer {{secret:cloud-key}}"}}}}}',
      [],
    ],
    ['"governance": {"automation_level": "AUTONOMOUS"}', ['governance.automation_level']],
  ])('%s', async (setting, expected) => {
    const checked = await check(lines(`  ${setting.replace('SHA', 'a'.repeat(64))}`));
    expect(checked.valid).toBe(true);
    expect(settings(checked)).toEqual(
      expected.map((one) => (typeof one === 'number' ? `profiles.Analyst.${one}` : one)),
    );
    for (const remark of checked.remarks) expect(remark).toMatchObject({ severity: 'warning' });
  });

  it('the development switch, also where nobody wrote a policy', async () => {
    expect(settings(await checkPolicyFile(join(dir, 'none.json')))).toEqual(['allow_uncertified_engines']);
    expect(settings(await check('{"schema_version": "mex.policy@1.0"}'))).toEqual(['allow_uncertified_engines']);
  });
});
