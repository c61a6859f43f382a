import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runProofControl, surveyTools } from '../../src/index.ts';
import type { Jailed } from '../../src/sandbox/jail/launch.ts';
import { findJailTools } from '../../src/sandbox/jail/requirements.ts';
import { createProcessTier } from '../../src/sandbox/process/host.ts';
import { hasHeld, proveJail } from '../../src/sandbox/proof/prove-jail.ts';
import { proveRealm } from '../../src/sandbox/proof/prove-realm.ts';
import { createThreadTier } from '../../src/sandbox/thread/host.ts';
import type { JobOutcome, SandboxTier } from '../../src/sandbox/tier.ts';
import { buildProgram } from '../escape/program-build.ts';

const jail = findJailTools();
const why = 'missing' in jail ? ` (skipped: ${jail.missing})` : '';
const usage = { wallMs: 1, cpuMs: 1, memoryBytes: 1 };

/** A tier whose engines answer with this. */
const answering = (outcome: JobOutcome): Pick<SandboxTier, 'run'> => ({ run: () => Promise.resolve(outcome) });
const replying = (attempts: readonly object[]): Pick<SandboxTier, 'run'> =>
  answering({ kind: 'replied', text: JSON.stringify({ ok: true, summary: { attempts } }), usage });
const attempts = (count: number, change: object = {}): object[] =>
  Array.from({ length: count }, (_, at) => ({ name: `attempt ${at}`, escaped: false, detail: '', ...change }));

describe('what counts as a proof', () => {
  it('[§9] one attempt that gets out is enough for a tier not to hold', async () => {
    expect(await proveRealm('thread', replying(attempts(13)))).toMatchObject({ held: true });
    const proof = await proveRealm('thread', replying([...attempts(13), { name: 'out', escaped: true, detail: 'x' }]));
    expect(proof.held).toBe(false);
    expect(proof.attempts.filter((attempt) => !attempt.stopped).map(({ name }) => name)).toEqual(['out']);
  });

  it('[§9] a report that lacks attempts, or says nothing of how one went, proves nothing', async () => {
    expect(await proveRealm('thread', replying(attempts(12)))).toMatchObject({
      held: false,
      failure: 'the report from inside is not whole',
    });
    expect(await proveRealm('thread', replying(attempts(13, { escaped: 'no' })))).toMatchObject({ held: false });
  });

  it('a sandbox that ends before it answers proves nothing', async () => {
    const ended = answering({ kind: 'killed', reason: 'crashed', detail: '', usage });
    expect(await proveRealm('thread', ended)).toMatchObject({ held: false, failure: 'the sandbox ended: crashed' });
  });

  it('a jail must be seen from inside and from outside', () => {
    const seen = (count: number) =>
      Array.from({ length: count }, (_, at) => ({ name: `a${at}`, stopped: true, detail: '' }));
    expect(hasHeld(seen(22))).toBe(true);
    expect(hasHeld(seen(21))).toBe(false);
  });

  it('a jail that is not started is no jail', async () => {
    const launch = (): Jailed => {
      throw new Error('the kernel said no');
    };
    await expect(proveJail(launch)).rejects.toThrow('the kernel said no');
  });
});

describe('the control', () => {
  it('every attempt that may be made gets through where nothing stops it', async () => {
    const control = await runProofControl();
    expect(control.failure).toBeUndefined();
    expect(control.jail.filter((attempt) => !attempt.worked)).toEqual([]);
    expect(control.realm.filter((attempt) => !attempt.worked)).toEqual([]);
    expect([control.jail.length, control.realm.length]).toEqual([12, 13]);
  });

  it('leaves nothing behind', async () => {
    const own = mkdtempSync(join(tmpdir(), 'mex-control-'));
    vi.stubEnv('TMPDIR', own);
    try {
      await runProofControl();
      expect(readdirSync(own)).toEqual([]);
    } finally {
      vi.unstubAllEnvs();
      rmSync(own, { recursive: true, force: true });
    }
  });
});

describe('the tiers of this machine', () => {
  const tiers: SandboxTier[] = [createThreadTier()];
  const dir = mkdtempSync(join(tmpdir(), 'mex-proof-test-'));
  beforeAll(async () => {
    const sandboxed = createProcessTier({ program: await buildProgram('src/sandbox/process/entry.ts', dir) });
    if (sandboxed !== undefined) tiers.push(sandboxed);
  });
  afterAll(async () => {
    await Promise.all(tiers.map((tier) => tier.close()));
    rmSync(dir, { recursive: true, force: true });
  });

  it.each(['thread', ...('missing' in jail ? [] : ['process'])])(
    '[§9] %s: its realm stops what the control does',
    async (name) => {
      const proof = await tiers.find((tier) => tier.name === name)?.proveRealm();
      expect(proof?.attempts.filter((attempt) => !attempt.stopped)).toEqual([]);
      expect(proof).toMatchObject({ held: true });
    },
  );

  it.skipIf('missing' in jail)(`[§9] process: the jail alone stops a Node that has all its powers${why}`, async () => {
    const proof = await tiers.find((tier) => tier.name === 'process')?.prove?.();
    expect(proof?.attempts.filter((attempt) => !attempt.stopped)).toEqual([]);
    expect(proof).toMatchObject({ held: true });
  });
});

describe('the survey of tools', () => {
  it('[§14 J] tells path and digest of what is found, and why another is not', async () => {
    const found = await surveyTools({ sh: {}, 'no-such-tool': {}, mine: { path: '/tmp/mine' } }, []);
    expect(found).toMatchObject([
      { name: 'sh', found: true, pinned: false, files: [{ sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }] },
      { name: 'no-such-tool', found: false, code: 'TOOL_NOT_FOUND' },
      { name: 'mine', found: false, code: 'SECURITY_UNTRUSTED_EXECUTION' },
    ]);
  });
});
