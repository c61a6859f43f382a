import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { documentOf, mex, scratch } from './mex.ts';
import { planned, TEST_ENGINE, writeEngine } from './test-engine.ts';

const dir = scratch();
const home = join(dir, 'home');
const NET = 'net.http:api.example';
const grants = (...args: string[]) => mex(['grants', ...args, '--home', home]);
const listed = async (...args: string[]): Promise<Record<string, unknown>[]> =>
  documentOf(await grants('list', '--format', 'json', ...args))['grants'] as Record<string, unknown>[];

describe('[§7] mex grants', () => {
  it('gives a consent a person understands, lists it and takes it back', async () => {
    const given = await grants(
      'allow',
      NET,
      '--actor',
      'app:ci',
      '--until',
      '2h',
      '--reason',
      'nightly \u001b[31mupdate',
    );
    expect(given.code).toBe(0);
    expect(given.stdout).toContain('Engines that app:ci runs may now make HTTP requests to api.example.');
    expect(given.stdout).toContain('It ends in 2 hours');
    expect(given.stdout).toContain('Not enough yet: no profile of app:ci has net.http:api.example');
    const [record] = await listed('--actor', 'app:ci');
    expect(record).toMatchObject({ state: 'live', capability_id: NET, reason: 'nightly update' });
    const id = String(record?.['consent_id']);
    expect((await grants('list')).stdout).toMatch(/live\s+app:ci\s+net\.http:api\.example\s+ends in/);
    const revoked = await grants('revoke', id.slice(0, 13), '--format', 'json');
    expect(documentOf(revoked)).toMatchObject({ consent_id: id, state: 'revoked' });
    expect(await listed('--actor', 'app:ci')).toEqual([]);
    expect(await listed('--all')).toMatchObject([{ consent_id: id, state: 'revoked' }]);
    expect((await mex(['log', 'list', '--home', home, '--op', id])).stdout).toContain('consent.revoked');
    expect((await mex(['log', 'verify', '--home', home])).code).toBe(0);
  });

  it.each([
    [['allow', 'net.fly'], 3, 'no capability'],
    [['allow', 'proc.exec:git'], 2, 'needs no consent'],
    [['allow', NET, '--until', 'soon'], 2, '--until does not understand'],
    [['allow', NET, '--until', '90d'], 2, '30 days at most'],
    [['allow', NET, '--until', '2020-01-01'], 2, 'before it begins'],
    [['allow', NET, '--actor', 'app ci'], 2, 'white space'],
    [['revoke', 'deadbeef'], 2, 'no consent'],
  ])('mex grants %j exits with %d', async (argv, code, words) => {
    const result = await grants(...argv);
    expect(result.stderr).toContain(words);
    expect(result.code).toBe(code);
  });

  it('mex run names the consents of its caller by itself', async () => {
    const operations = { 'test.copy': { ...operation, capabilities: [...operation.capabilities, NET] } };
    const built = writeEngine(join(dir, 'engine'), { operations });
    const own = join(dir, 'own-home');
    await mex(['engines', 'add', built, '--home', own]);
    const profiles = { Analyst: ['fs.read:inputs', 'fs.write:artifacts', NET] };
    writeFileSync(join(own, 'policy.json'), JSON.stringify({ schema_version: 'mex.policy@1.0', profiles }));
    const run = () => {
      const file = join(dir, 'operation.json');
      writeFileSync(file, JSON.stringify(planned('test.copy', { capabilities_requested: ['fs.read:inputs', NET] })));
      return mex(['run', file, '--home', own]);
    };
    const before = await run();
    expect([before.code, before.stderr]).toEqual([3, expect.stringContaining('mex grants allow')]);
    const consent = documentOf(await mex(['grants', 'allow', NET, '--home', own, '--format', 'json']));
    expect(consent['in_profile']).toBe(true);
    expect(documentOf(await run())['provenance']).toMatchObject({
      engine_id: TEST_ENGINE,
      capabilities_granted: [{}, { capability_id: NET, consent_id: consent['consent_id'] }],
    });
  });
});

const operation = {
  title: 'Copy',
  description: 'Copy',
  params_schema: { type: 'object', properties: {}, additionalProperties: false },
  inputs: { min: 0, max: 3 },
  outputs: [{ name: 'out.txt', kind: 'file', mime: 'text/plain', optional: true }],
  capabilities: ['fs.read:inputs', 'fs.write:artifacts'],
  determinism_ceiling: 'D3',
  error_codes: [],
};
