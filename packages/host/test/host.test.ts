import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Gate } from '@mex/gates';
import { findFiles, loadPolicy, openHost, systemCaller } from '@mex/host';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'mex-host-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const policyFile = (value: unknown): string => {
  const file = join(home, 'policy.json');
  writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value));
  return file;
};

describe('policy.json', () => {
  it('absent: the built-in policy, with the development switch on', async () => {
    expect(await loadPolicy(join(home, 'policy.json'))).toMatchObject({
      source: 'built-in',
      policy: { allowUncertified: true },
    });
  });

  it('a whole file is read, and changes the digest', async () => {
    const file = policyFile({
      schema_version: 'mex.policy@1.0',
      allow_uncertified_engines: false,
      quota: { max_concurrent: 3 },
    });
    const loaded = await loadPolicy(file);
    expect(loaded.policy).toMatchObject({
      allowUncertified: false,
      quota: { maxConcurrent: 3 },
      defaultProfile: 'Analyst',
    });
    expect(loaded.sha256).not.toBe((await loadPolicy(join(home, 'none.json'))).sha256);
  });

  it.each([
    ['not JSON', '{', 'JSON'],
    ['a duplicate key', '{"schema_version":"mex.policy@1.0","tier":"thread","tier":"process"}', 'tier'],
    ['another version', { schema_version: 'mex.policy@9' }, 'mex.policy@1.0'],
    ['an unknown member', { schema_version: 'mex.policy@1.0', allow_everything: true }, 'allow_everything'],
    ['an unknown capability', { schema_version: 'mex.policy@1.0', profiles: { Analyst: ['fs.fly'] } }, 'fs.fly'],
    ['a profile that does not exist', { schema_version: 'mex.policy@1.0', callers: { 'os:bob': ['Root'] } }, 'Root'],
    ['a negative budget', { schema_version: 'mex.policy@1.0', budget_ceilings: { wall_time_ms: -1 } }, 'wall_time_ms'],
  ])('[§2] %s stops the start with a sentence that names the place', async (_what, content, place) => {
    const error: unknown = await loadPolicy(policyFile(content)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'POLICY_INVALID', kind: 'policy' });
    expect(error instanceof Error && error.message).toContain(place);
  });
});

/** Descriptors may close while they are looked at. */
function linkOf(fd: string): string[] {
  try {
    return [readlinkSync(`/proc/self/fd/${fd}`)];
  } catch {
    return [];
  }
}

describe('a policy file that is no file', () => {
  it('[§14 E] a link to nothing is not the same as no policy', async () => {
    symlinkSync(join(home, 'nowhere'), join(home, 'policy.json'));
    await expect(loadPolicy(join(home, 'policy.json'))).rejects.toMatchObject({ code: 'POLICY_INVALID' });
  });

  it('a directory is refused with a sentence', async () => {
    mkdirSync(join(home, 'policy.json'));
    await expect(loadPolicy(join(home, 'policy.json'))).rejects.toMatchObject({ code: 'POLICY_INVALID' });
  });
});

describe('openHost', () => {
  it('[§10] a broken registry entry disables only itself, with a Problem and an event', async () => {
    writeFileSync(
      join(home, 'mechanical_engines.json'),
      JSON.stringify({ schema_version: 'mex.registry@1.0', engines: { 'engine.broken.one': [{ manifest: {} }] } }),
    );
    const host = await openHost({ home });
    expect(host.registry.disabled).toMatchObject([{ engineId: 'engine.broken.one' }]);
    expect(host.recorder.problems.list({}).some((problem) => problem.tool === 'engine.broken.one')).toBe(true);
    const subjects = host.recorder
      .list({ type: 'system' })
      .map(({ event }) => (event.type === 'system' ? event.subject : ''));
    expect(subjects).toContain('registry.entry_disabled');
    await host.close();
  });

  it('[§10] a broken entry with an id and a member of any length and any characters does not stop the start', async () => {
    const id = `a${'\u{1f600}'.repeat(200)}`;
    const entries = [{ manifest: {}, bundle_path: 'x', [`x${'\u{1f600}'.repeat(5_000)}`]: 1 }];
    writeFileSync(
      join(home, 'mechanical_engines.json'),
      JSON.stringify({ schema_version: 'mex.registry@1.0', engines: { [id]: entries } }),
    );
    const host = await openHost({ home });
    const [problem] = host.recorder.problems.list({});
    expect(problem?.title.isWellFormed()).toBe(true);
    expect(problem?.message.length).toBeLessThanOrEqual(4_096);
    await host.close();
  });

  it.skipIf(!existsSync('/proc/self/fd'))(
    '(only where /proc lists descriptors) closes what it opened when the wiring fails',
    async () => {
      const gates = [{ id: 'G-SCHEMA', pre: () => undefined } satisfies Gate];
      await expect(openHost({ home, gates })).rejects.toMatchObject({ code: 'GATE_ID_TAKEN' });
      const open = readdirSync('/proc/self/fd').flatMap((fd) => linkOf(fd));
      expect(open.filter((path) => path.startsWith(home))).toEqual([]);
    },
  );

  it('closing twice is closing once, and a part that fails to close keeps no other one open', async () => {
    const host = await openHost({ home });
    await host.recorder.close();
    const closed = host.close();
    expect(host.close()).toBe(closed);
    await expect(closed).rejects.toBeInstanceOf(Error);
    await expect(host.artifacts.verify({ all: true })).rejects.toMatchObject({ code: 'ARTIFACT_STORE_CLOSED' });
  });

  it('names a user that the user database does not know by its number', () => {
    const unknown = () => {
      throw new Error('ENOENT: no such user');
    };
    expect(systemCaller(unknown)).toEqual({ id: `os:uid-${process.getuid?.()}`, kind: 'human' });
  });

  it('[§2] [§7] an envelope chooses among the profiles its caller was given, never beyond them', async () => {
    const host = await openHost({
      home,
      caller: { id: 'app:ci', kind: 'system' },
      policy: {
        allowUncertified: true,
        defaultProfile: 'Reader',
        profiles: { Reader: ['fs.read:inputs'], Writer: ['fs.read:inputs', 'fs.write:artifacts'] },
        callers: { 'app:trusted': ['Reader', 'Writer'] },
        deniedCapabilities: [],
        ceilings: {},
        requireRunBudget: false,
        quota: {},
        tiers: { engines: {}, trusted: 'thread', untrusted: 'process' },
        readScopes: {},
        privateHosts: [],
        tools: {},
        readableSecrets: {},
        secretHosts: {},
      },
      engines: [],
    });
    const { createPolicySource } = await import('../src/policy-source.ts');
    const source = createPolicySource(host.policy, host.consents);
    const operation = {
      capabilities_requested: [],
      context: { capability_profile_id: 'Writer' },
    } as unknown as Parameters<typeof source.policyFor>[0];
    expect(source.policyFor(operation, { id: 'app:ci', kind: 'system' }).profile).toBeUndefined();
    expect(source.policyFor(operation, { id: 'app:trusted', kind: 'system' }).profile).toContain('fs.write:artifacts');
    expect(source.policyFor(operation, undefined).profile).toBeUndefined();
    await host.close();
  });

  it('[§9] closing refuses new operations and leaves a log that verifies', async () => {
    const host = await openHost({ home });
    await host.close();
    const again = await openHost({ home });
    expect(await again.recorder.verify()).toMatchObject({ ok: true });
    await again.close();
    await expect(host.execute('{}')).rejects.toMatchObject({ code: 'RUNTIME_CLOSED' });
  });
});

describe('findFiles', () => {
  it('finds by base name, sorted, without following links or entering what was installed', () => {
    for (const dir of ['b/c', 'a', 'node_modules/x', '.git']) mkdirSync(join(home, dir), { recursive: true });
    for (const file of ['b/c/wanted', 'a/wanted', 'a/other', 'node_modules/x/wanted', '.git/wanted'])
      writeFileSync(join(home, file), '');
    symlinkSync(home, join(home, 'b', 'loop'));
    symlinkSync(join(home, 'a', 'wanted'), join(home, 'b', 'wanted'));
    expect(findFiles(home, (name) => name === 'wanted')).toEqual({
      files: ['a/wanted', 'b/c/wanted'],
      irregular: [{ path: 'b/wanted', reason: 'symlink' }],
      unreadable: [],
      truncated: false,
    });
  });

  it('enters what the given list does not name, and nothing else', () => {
    for (const dir of ['vendor', 'node_modules']) {
      mkdirSync(join(home, dir));
      writeFileSync(join(home, dir, 'wanted'), '');
    }
    expect(findFiles(home, () => true, { ignored: new Set(['vendor']) }).files).toEqual(['node_modules/wanted']);
  });

  it('says when it stopped early, and what it could not list', () => {
    for (const name of ['1', '2', '3']) writeFileSync(join(home, name), '');
    expect(findFiles(home, () => true, { maxEntries: 2 })).toMatchObject({ truncated: true, files: { length: 2 } });
    expect(findFiles(home, () => true, { maxEntries: 3 })).toMatchObject({ truncated: false, files: { length: 3 } });
    expect(findFiles(join(home, 'none'), () => true).unreadable).toEqual([{ path: '.', reason: 'ENOENT' }]);
  });
});
