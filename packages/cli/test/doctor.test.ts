import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Policy } from '@mex/host';
import { chooseTier } from '@mex/host';
import { type ControlAttempt, findJailTools, type ProvenAttempt, type SandboxTier } from '@mex/runtime';
import { describe, expect, it } from 'vitest';
import { tiersAskedFor } from '../src/doctor/engine-tiers.ts';
import { jailRemedy, type Machine } from '../src/doctor/machine.ts';
import { proveTiers, type TierPowers } from '../src/doctor/tier-report.ts';
import { documentOf, type Finished, finish, HARMFUL, MAIN, mex, STACK_TRACE, scratch } from './mex.ts';
import { planned, TEST_ENGINE, writeEngine } from './test-engine.ts';

const dir = scratch();
const jail = findJailTools();
const withoutJail = 'missing' in jail;
const why = withoutJail ? ` (skipped: ${jail.missing})` : '';
/** User namespaces inside user namespaces may be forbidden for this whole machine. */
const canNest = !withoutJail && nests(jail.bwrap);

function nests(bwrap: string): boolean {
  try {
    execFileSync(bwrap, ['--unshare-user', '--disable-userns', '--dev-bind', '/', '/', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

interface TierDocument {
  readonly tier: string;
  readonly proven: boolean;
  readonly asked_for_by: string[];
  readonly missing?: string;
  readonly remedy?: string;
  readonly walls: { wall: string; held: boolean; attempts: { name: string; stopped: boolean; by: string }[] }[];
}

const tiersOf = (result: Finished): Map<string, TierDocument> => {
  const { tiers } = documentOf(result);
  return new Map((tiers as TierDocument[]).map((tier) => [tier.tier, tier]));
};

function homeWith(name: string, policy: object): string {
  const home = join(dir, name);
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, 'policy.json'), JSON.stringify({ schema_version: 'mex.policy@1.0', ...policy }));
  return home;
}

/** The command where bubblewrap makes the machine a poorer one. */
function mexInside(arrange: readonly string[], args: readonly string[]): Promise<Finished> {
  const bwrap = withoutJail ? '' : jail.bwrap;
  const child: ChildProcess = spawn(bwrap, [...arrange, process.execPath, MAIN, ...args], {
    env: { PATH: process.env['PATH'] ?? '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return finish(child);
}

const NO_NAMESPACES = ['--unshare-user', '--disable-userns', '--dev-bind', '/', '/'];

describe('mex doctor', () => {
  it.skipIf(withoutJail)(`[§9] proves both tiers on this machine, and records nothing${why}`, async () => {
    const home = join(dir, 'none');
    const result = await mex(['doctor', '--home', home, '--format', 'json']);
    expect(result.code, result.stdout.slice(0, 2_000)).toBe(0);
    const tiers = tiersOf(result);
    expect(tiers.get('thread')).toMatchObject({ proven: true, walls: [{ wall: 'realm', held: true }] });
    expect(tiers.get('process')).toMatchObject({ proven: true, walls: [{ wall: 'jail' }, { wall: 'realm' }] });
    expect(tiers.get('wasm')).toMatchObject({ proven: false, asked_for_by: [] });
    const attempts = [...tiers.values()].flatMap((tier) => tier.walls).flatMap((wall) => wall.attempts);
    expect(attempts.length).toBeGreaterThan(50);
    expect(attempts.filter((attempt) => attempt.by === '')).toEqual([]);
    // Read-only: not even the home was made.
    expect(existsSync(home)).toBe(false);
  });

  const noNest = canNest ? '' : ' (skipped: this machine allows no namespaces to take away)';
  it.skipIf(!canNest)(`[§9] without user namespaces the process tier is denied, never believed${noNest}`, async () => {
    const home = join(dir, 'nested');
    await mex(['engines', 'add', writeEngine(join(dir, 'nested-engine')), '--home', home]);
    const result = await mexInside(NO_NAMESPACES, ['doctor', '--home', home, '--format', 'json']);
    expect(result.code).toBe(1);
    const tiers = tiersOf(result);
    expect(tiers.get('thread')).toMatchObject({ proven: true });
    expect(tiers.get('process')).toMatchObject({
      proven: false,
      missing: expect.stringMatching(/namespace/i),
      remedy: expect.stringMatching(/user namespaces/),
      walls: [{ held: false, attempts: [] }],
    });
    expect(documentOf(result)['engines']).toContainEqual(
      expect.objectContaining({ engine_id: TEST_ENGINE, tier: 'process', would_run: false }),
    );

    // What it says is what happens: the engine is denied, and not run in the other tier.
    const file = join(dir, 'nested.json');
    writeFileSync(file, JSON.stringify(planned('test.copy')));
    const ran = await mexInside(NO_NAMESPACES, ['run', file, '--home', home]);
    expect(ran.code).toBe(3);
    expect(documentOf(ran)).toMatchObject({ status: 'denied', errors: [{ code: 'SANDBOX_TIER_UNAVAILABLE' }] });
  });

  it.skipIf(withoutJail)(`says what is missing and how to get it where there is no bubblewrap${why}`, async () => {
    const bwrap = withoutJail ? '' : jail.bwrap;
    const hidden = ['--dev-bind', '/', '/', '--ro-bind', '/dev/null', bwrap];
    const result = await mexInside(hidden, ['doctor', '--home', join(dir, 'poor')]);
    expect(result.code).toBe(1);
    expect(result.stdout).toMatch(/FAILED {2}tier process NOT available/);
    expect(result.stdout).toMatch(/bubblewrap \(bwrap\) is in none of/);
    expect(result.stdout).toMatch(/apt-get install bubblewrap/);
    expect(result.stdout).toMatch(/ok {6}tier thread proven just now/);
    expect(result.stdout).toMatch(/Not well: policy asks for a tier that does not hold here: process/);
    expect(result.stdout).not.toMatch(STACK_TRACE);
    expect(result.stdout).not.toMatch(HARMFUL);
  });

  it('looks at what the policy names, and says what operations would miss', async () => {
    const home = homeWith('named', {
      tiers: { trusted: 'thread', untrusted: 'wasm' },
      read_scopes: { rules: dir, gone: join(dir, 'gone') },
      tools: { sh: {}, 'no-such-tool': {}, mine: { path: join(dir, 'mine') } },
      private_hosts: ['10.0.0.1:8080'],
      readable_secrets: { [TEST_ENGINE]: ['token', 'absent'] },
    });
    mkdirSync(join(home, 'secrets'));
    writeFileSync(join(home, 'secrets', 'token'), 'a-secret-of-some-length');
    chmodSync(join(home, 'secrets', 'token'), 0o644);
    const result = await mex(['doctor', '--home', home, '--format', 'json']);
    expect(result.code).toBe(1);
    expect(tiersOf(result).get('wasm')).toMatchObject({
      proven: false,
      asked_for_by: ['tiers.untrusted: all other engines'],
    });
    expect(tiersOf(result).get('process')?.asked_for_by).toEqual(['tools: external programs']);
    const { findings } = documentOf(result) as {
      findings: { policy: { what: string; state: string; text: string }[] };
    };
    const stateOf = Object.fromEntries(findings.policy.map(({ what, state }) => [what, state]));
    expect(stateOf).toMatchObject({
      'read_scopes rules': 'good',
      'read_scopes gone': 'warning',
      'tools sh': 'good',
      'tools no-such-tool': 'warning',
      'tools mine': 'warning',
      private_hosts: 'warning',
      'secret token': 'warning',
      'secret absent': 'warning',
    });
    expect(findings.policy.find(({ what }) => what === 'tools sh')?.text).toMatch(/sha256 [0-9a-f]{64}/);
    expect(findings.policy.find(({ what }) => what === 'tools mine')?.text).toContain('SECURITY_UNTRUSTED_EXECUTION');
    expect(result.stdout).not.toContain('a-secret-of-some-length');
  });

  it('a policy that cannot be used is told, and the tiers are proven all the same', async () => {
    const home = homeWith('invalid', { tier: 'strong' });
    const result = await mex(['doctor', '--home', home, '--format', 'json']);
    expect(result.code).toBe(1);
    expect(documentOf(result)).toMatchObject({
      ok: false,
      findings: { policy: [{ state: 'bad', text: expect.stringContaining('policy.json') }, expect.anything()] },
    });
    expect(tiersOf(result).get('thread')).toMatchObject({ proven: true });
    const listed = await mex(['engines', 'list', '--home', home]);
    expect(listed).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/warning: .*policy\.json.*built-in policy/),
    });
  });

  it('[§11] a log that is not what was recorded is an exit code of its own', async () => {
    const home = join(dir, 'tampered');
    await mex(['engines', 'add', writeEngine(join(dir, 'logged-engine')), '--home', home]);
    const copy = join(dir, 'tampered-copy');
    cpSync(home, copy, { recursive: true });
    const db = new DatabaseSync(join(copy, 'log.db'));
    for (const row of db.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'").all()) {
      db.exec(`DROP TRIGGER "${String(row['name'])}"`);
    }
    db.exec('DELETE FROM events WHERE seq = 1');
    db.close();
    const result = await mex(['doctor', '--home', copy]);
    expect(result.code).toBe(6);
    expect(result.stdout).toMatch(/FAILED {2}log/);
  });
});

describe('what a tier must do to be proven', () => {
  const stopped: ProvenAttempt = { name: 'read a file of the host', stopped: true, detail: 'ENOENT' };
  const escaped: ProvenAttempt = { name: 'write a file of the host', stopped: false, detail: 'written' };
  const worked: ControlAttempt = { name: stopped.name, worked: true, detail: '' };
  const fails: ControlAttempt = { name: escaped.name, worked: false, detail: '' };

  function tier(name: 'thread' | 'process', attempts: readonly ProvenAttempt[], failure?: string): SandboxTier {
    const held = failure === undefined && attempts.every((attempt) => attempt.stopped);
    const proof = { tier: name, held, attempts, ms: 1, ...(failure === undefined ? {} : { failure }) };
    return {
      name,
      run: () => Promise.reject(new Error('not for running')),
      prove: name === 'process' ? () => Promise.resolve(proof) : undefined,
      proveRealm: () => Promise.resolve({ ...proof, held: true, attempts: [stopped] }),
      prewarm: () => undefined,
      close: () => Promise.resolve({ stuck: [] }),
    };
  }

  const powers = (changes: Partial<TierPowers>): TierPowers => ({
    createThread: () => tier('thread', [stopped]),
    createProcess: () => tier('process', [stopped]),
    findTools: () => ({ bwrap: '/usr/bin/bwrap', prlimit: '/usr/bin/prlimit', arch: 'x64' }),
    control: () => Promise.resolve({ jail: [worked, fails], realm: [worked], ms: 1 }),
    ...changes,
  });
  const processOf = async (changes: Partial<TierPowers>) =>
    (await proveTiers(powers(changes))).tiers.find((report) => report.tier === 'process');

  it('[§9] one attempt that gets out of its jail, and it is not available', async () => {
    const report = await processOf({ createProcess: () => tier('process', [stopped, escaped]) });
    expect(report).toMatchObject({ proven: false, missing: expect.stringContaining('write a file of the host') });
    expect(report?.walls).toHaveLength(1);
  });

  it('an attempt that also fails without a sandbox is marked as such', async () => {
    const report = await processOf({ createProcess: () => tier('process', [stopped, escaped]) });
    expect(report?.walls[0]?.attempts.map((attempt) => attempt.without_sandbox)).toEqual(['gets through', 'fails too']);
  });

  it('a jail that could not be tried is not available, and its words are passed on', async () => {
    const report = await processOf({ createProcess: () => tier('process', [], 'the jail ended with 1: no') });
    expect(report).toMatchObject({ proven: false, missing: expect.stringContaining('the jail ended with 1: no') });
  });

  it('where the machine lacks the tools, nothing is made and nothing is tried', async () => {
    const report = await processOf({
      findTools: () => ({ missing: 'no bwrap here', remedy: 'get it' }),
      createProcess: () => {
        throw new Error('must not be made');
      },
    });
    expect(report).toMatchObject({ proven: false, missing: 'no bwrap here', remedy: 'get it', walls: [] });
  });

  it('without a control the proofs still count, and it is said that there was none', async () => {
    const reports = await proveTiers(
      powers({ control: () => Promise.resolve({ jail: [], realm: [], failure: 'no Node', ms: 1 }) }),
    );
    expect(reports.control).toMatchObject({ ran: false, failure: 'no Node' });
    expect(reports.tiers[0]?.walls[0]?.attempts[0]?.without_sandbox).toBe('not tried');
  });
});

describe('the remedy for a jail that does not come to be', () => {
  const machine: Machine = {
    platform: 'linux',
    arch: 'x64',
    kernel: '6',
    node: '26',
    root: false,
    container: undefined,
    namespaces: [],
  };
  it('names the kernel setting that forbids it, else the container, else the right', () => {
    const forbidding = [{ setting: 'a', remedy: 'sysctl -w a=1' }];
    expect(jailRemedy({ ...machine, namespaces: forbidding, container: '/.dockerenv' })).toContain('sysctl -w a=1');
    expect(jailRemedy({ ...machine, container: '/.dockerenv' })).toContain('container');
    expect(jailRemedy(machine)).toContain('user namespaces');
  });
});

describe('the tier of an engine', () => {
  const manifest = { engine_id: TEST_ENGINE };
  const engine = (origin: 'shipped' | 'added') =>
    ({ manifest, origin, certificate: { state: 'absent' } }) as Parameters<typeof chooseTier>[1];
  const tiers: Policy['tiers'] = { engines: {}, trusted: 'thread', untrusted: 'process' };

  it('[§9] is chosen by trust, and by name before that', () => {
    expect(chooseTier(tiers, engine('shipped')).tier).toBe('thread');
    expect(chooseTier(tiers, engine('added')).tier).toBe('process');
    expect(chooseTier({ ...tiers, engines: { [TEST_ENGINE]: 'process' } }, engine('shipped')).tier).toBe('process');
  });

  it('policy asks for what its lines name, whether or not an engine needs it', () => {
    const policy = { tiers: { ...tiers, untrusted: 'thread' }, tools: {} } as Policy;
    expect([...tiersAskedFor(policy).keys()]).toEqual(['thread']);
    expect([...tiersAskedFor({ ...policy, tools: { git: {} } }).keys()]).toEqual(['thread', 'process']);
  });

  it.each(['thread', ...(withoutJail ? [] : ['process'])])(
    '[§9] engines list says %s, and it runs there',
    async (tier) => {
      const home = homeWith(`runs-${tier}`, { engine_tiers: { [TEST_ENGINE]: tier } });
      await mex(['engines', 'add', writeEngine(join(dir, `runs-${tier}-engine`)), '--home', home]);
      const listed = documentOf(await mex(['engines', 'list', '--home', home, '--format', 'json']));
      expect(listed['engines']).toContainEqual(expect.objectContaining({ engine_id: TEST_ENGINE, tier }));
      expect((await mex(['engines', 'show', TEST_ENGINE, '--home', home])).stdout).toContain(`the ${tier} tier`);
      const file = join(dir, `runs-${tier}.json`);
      writeFileSync(file, JSON.stringify(planned('test.spin', { budget: { wall_time_ms: 50 } })));
      const ran = documentOf(await mex(['run', file, '--home', home]));
      expect(ran).toMatchObject({ provenance: { environment: { isolation_tier: tier } } });
    },
  );
});
