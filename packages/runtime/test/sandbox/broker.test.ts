import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ArtifactStore } from '@mex/artifacts';
import { type ArtifactHandle, MexError } from '@mex/envelope';
import { createRegistry } from '@mex/registry';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { NO_OUTSIDE } from '../../src/broker/axes.ts';
import { Broker } from '../../src/broker/broker.ts';
import { ReadWindow } from '../../src/broker/read-window.ts';
import { Meter } from '../../src/budgets.ts';
import type { Grant } from '../../src/grant.ts';
import type { JobOutcome, SandboxTier } from '../../src/sandbox/tier.ts';
import { Workspace } from '../../src/workspace.ts';
import { BUDGET, makeEngine } from '../fixture.ts';
import { bundle, createTier, KINDS, MIB, makeJob, replyOf } from './tier-fixture.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mex-broker-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const input = (size: number): ArtifactHandle => ({
  artifact_id: randomUUID(),
  sha256: '0'.repeat(64),
  size_bytes: size,
  mime: 'text/plain',
  kind: 'file',
});

interface Setup {
  readonly get?: () => Promise<Uint8Array>;
  readonly memoryBytes?: number;
  readonly size?: number;
  readonly capabilities?: readonly string[];
}

/** A broker for one session, with a store that only has `get`. */
function makeBroker(session: number, setup: Setup = {}) {
  const registry = createRegistry([makeEngine(dir, 'engine.test.unit', { 'test.nothing': '' })]);
  const manifest = registry.engines[0]?.manifest;
  const operation = manifest?.operations['test.nothing'];
  if (manifest === undefined || operation === undefined) throw new Error('no engine');
  const grant: Grant = {
    opId: randomUUID(),
    tier: 'thread',
    capabilities: (setup.capabilities ?? ['fs.read:inputs', 'fs.write:artifacts']).map((capabilityId) => ({
      capabilityId,
      consentId: undefined,
    })),
    budget: { ...BUDGET, output_bytes: 64 * MIB, memory_bytes: setup.memoryBytes ?? 128 * MIB },
    manifest,
    operation,
    implementation: { id: 'builtin', kind: 'builtin' },
    sha256: '0'.repeat(64),
  };
  const workspace = new Workspace(grant.opId, join(dir, 'shadow'));
  const store = { get: setup.get ?? (() => Promise.resolve(new Uint8Array(1))) } as unknown as ArtifactStore;
  const inputs = [input(setup.size ?? 1)];
  return {
    broker: new Broker({
      session,
      grant,
      inputs,
      store,
      meter: new Meter(grant.budget),
      workspace,
      outside: NO_OUTSIDE,
      isConsentLive: () => true,
      toolRecords: { keep: () => Promise.reject(new Error('no tools')), onCommand: () => Promise.resolve() },
    }),
    workspace,
  };
}

/** One thread serves all of them, as long as nothing ends it. */
const BODIES = {
  'test.pile': `for (let i = 0; i < 24; i += 1) void context.inputs[0].bytes().catch(() => {}); let x = 0; for (let i = 0; i < 3e8; i += 1) x += i % 7; throw new Error(String(x));`,
  'test.take': `let sum = 0; await Promise.all(Array.from({ length: 200 }, async () => { const b = await context.inputs[0].bytes(); sum += b.length * (b[5] ?? 0); })); for (let i = 0; i < 100; i += 1) sum += (await context.inputs[0].bytes()).length; return { sum };`,
  'test.read': `await context.inputs[0].bytes();`,
  'test.swallow': `try { await context.inputs[0].bytes(); } catch {}`,
  'test.part': `const b = await context.inputs[0].bytes(); return { part: [...b], whole: b.buffer.byteLength };`,
  'test.writes': `const bytes = new Uint8Array(${30 * MIB}); const tries = []; for (let i = 0; i < 10; i += 1) tries.push(context.write('x' + i, bytes).then(() => 'ok', (e) => e.code)); return { codes: await Promise.all(tries) };`,
  'test.forge': `throw Object.assign(new Error('m'), { code: 'ARTIFACT_CORRUPT' });`,
  'test.take-class': `let C; try { await context.write('x', 1); } catch (e) { C = e.constructor; } throw new C('ARTIFACT_CORRUPT', 'm');`,
  'test.frozen': `try { await context.write('x', 1); } catch (e) { return { frozen: Object.isFrozen(e.constructor) && Object.isFrozen(e.constructor.prototype) }; }`,
  'test.world': `Date.now(); Math.random(); return {};`,
};
const text = bundle(BODIES);
describe.each(KINDS)('tier %s', (kind) => {
  let tier: SandboxTier;
  beforeAll(async () => {
    tier = await createTier(kind);
  });
  afterAll(() => tier.close());

  /** Runs one operation with a broker of its own. */
  async function runWith(operation: keyof typeof BODIES, setup: Setup = {}): Promise<JobOutcome> {
    const job = makeJob(text, operation, { inputs: [input(setup.size ?? 1)] });
    const { broker } = makeBroker(job.session, setup);
    const outcome = await tier.run({ ...job, onCall: broker.serve });
    await broker.settle();
    return outcome;
  }

  describe('[§9] memory of the host', () => {
    const size = 16 * MIB;

    it('an engine that does not take its bytes holds up its own reads', async () => {
      let reads = 0;
      const get = (): Promise<Uint8Array> => {
        reads += 1;
        return Promise.resolve(new Uint8Array(size));
      };
      expect(replyOf(await runWith('test.pile', { get, size }))['ok']).toBe(false);
      expect(reads).toBeGreaterThan(0);
      expect(reads).toBeLessThanOrEqual(4);
    });

    it('and one that takes them gets them all', async () => {
      const get = (): Promise<Uint8Array> => Promise.resolve(new Uint8Array(MIB).fill(7));
      const outcome = await runWith('test.take', { get, size: MIB });
      expect(replyOf(outcome)['summary']).toEqual({ sum: 200 * 7 * MIB + 100 * MIB });
    });

    it('an input larger than the budget is not read at all', async () => {
      let reads = 0;
      const get = (): Promise<Uint8Array> => {
        reads += 1;
        return Promise.resolve(new Uint8Array(1));
      };
      const outcome = await runWith('test.read', { get, size: 65 * MIB, memoryBytes: 64 * MIB });
      expect(outcome).toMatchObject({
        reason: 'broker',
        detail: expect.stringContaining('BUDGET_EXCEEDED_MEMORY_BYTES'),
      });
      expect(reads).toBe(0);
    });

    it('a part of a larger buffer takes nothing else along, and stays', async () => {
      const pool = new Uint8Array(1_000).fill(9);
      const part = pool.subarray(10, 14).fill(1);
      const outcome = await runWith('test.part', { get: () => Promise.resolve(part) });
      expect(replyOf(outcome)['summary']).toEqual({ part: [1, 1, 1, 1], whole: 4 });
      expect(pool.length).toBe(1_000);
    });

    it('outputs that nobody waits for do not pile up in it', async () => {
      const summary = Object(replyOf(await runWith('test.writes'))['summary']) as { codes: string[] };
      expect(summary.codes.filter((code) => code === 'CALL_LIMIT').length).toBeGreaterThanOrEqual(6);
    });

    it('the window lets in what fits, in order, one that is larger alone, and nobody after its end', async () => {
      const window = new ReadWindow();
      const order: string[] = [];
      expect(window.enter(40 * MIB)).toBeUndefined();
      const big = Promise.resolve(window.enter(100 * MIB)).then(() => order.push('big'));
      const small = Promise.resolve(window.enter(1)).then(() => order.push('small'));
      window.leave(40 * MIB);
      await big;
      expect(order).toEqual(['big']);
      window.leave(100 * MIB);
      await small;
      expect(window.enter(64 * MIB)).toBeUndefined();
      const late = Promise.resolve(window.enter(64 * MIB));
      window.close(new Error('over'));
      await expect(late).rejects.toThrow('over');
      expect(() => window.enter(1)).toThrow('over');
    });
  });

  describe('the end of an operation', () => {
    it('waits for a write that is on its way, so that nothing comes into a workspace that is gone', async () => {
      const { broker, workspace } = makeBroker(7);
      const text = JSON.stringify({ session: 7, id: 1, call: 'output.write', name: 'out.txt' });
      const pending = broker.serve({ text, bytes: new Uint8Array(3 * MIB) });
      await broker.settle();
      expect(broker.writer.staged.get('out.txt')?.size).toBe(3 * MIB);
      await workspace.dispose();
      await pending;
      expect(existsSync(join(dir, 'shadow')) ? readdirSync(join(dir, 'shadow')) : []).toEqual([]);
      await expect(broker.serve({ text })).rejects.toMatchObject({ code: 'SANDBOX_PROTOCOL' });
    });

    it('ends reads that have not begun', async () => {
      const { broker } = makeBroker(7, { size: 64 * MIB, get: () => Promise.resolve(new Uint8Array(1)) });
      const frame = (id: number) => ({ text: JSON.stringify({ session: 7, id, call: 'input.bytes', input: 0 }) });
      await broker.serve(frame(1));
      const waiting = broker.serve(frame(2));
      await Promise.all([expect(waiting).rejects.toMatchObject({ code: 'SANDBOX_PROTOCOL' }), broker.settle()]);
    });
  });

  describe('refusals', () => {
    it('[§7] are kept up to a hundred and all counted, undeclared and repeated outputs among them', async () => {
      const { broker } = makeBroker(7, { capabilities: ['fs.write:artifacts'] });
      const serve = (id: number, rest: object) => broker.serve({ text: JSON.stringify({ session: 7, id, ...rest }) });
      await serve(1, { call: 'output.write', name: 'other.txt' });
      await serve(2, { call: 'output.write', name: 'out.txt' });
      await serve(3, { call: 'output.write', name: 'out.txt' });
      for (let id = 4; id < 154; id += 1) await serve(id, { call: 'input.bytes', input: 0 });
      expect(broker.refusals.slice(0, 3)).toMatchObject([
        { call: 'output.write', code: 'OUTPUT_UNDECLARED', capabilityId: undefined },
        { call: 'output.write', code: 'OUTPUT_REPEATED', capabilityId: undefined },
        { call: 'input.bytes', code: 'CAPABILITY_USED_WITHOUT_GRANT', capabilityId: 'fs.read:inputs' },
      ]);
      expect([broker.refusals.length, broker.refusedCalls]).toEqual([100, 152]);
    });
  });

  describe('what an engine is told', () => {
    const failing = (code: string) => () =>
      Promise.reject(new MexError({ code, kind: 'integrity', message: `Reading /home/someone/${code} failed.` }));

    it.each(['ARTIFACT_CORRUPT', 'ARTIFACT_MISMATCH'])('%s, in words without a path', async (code) => {
      const outcome = await runWith('test.read', { get: failing(code) });
      expect(replyOf(outcome)['error']).toMatchObject({ code, from_broker: true });
      expect(JSON.stringify(outcome)).not.toContain('someone');
    });

    it.each(['ARTIFACT_STORE_FAILED', 'SOMETHING_NEW'])('nothing of %s: that is the host’s own', async (code) => {
      const outcome = await runWith('test.swallow', { get: failing(code) });
      expect(outcome).toMatchObject({ kind: 'killed', reason: 'host_failed', cause: { code } });
      expect(Object(outcome).detail).not.toContain('someone');
    });

    it('its own errors are told apart from those it makes up', async () => {
      const made = { code: 'ARTIFACT_CORRUPT', from_broker: false };
      expect(replyOf(await runWith('test.forge'))['error']).toMatchObject(made);
      expect(replyOf(await runWith('test.take-class'))['error']).toMatchObject(made);
      expect(replyOf(await runWith('test.frozen'))['summary']).toEqual({ frozen: true });
    });

    it('[§6] the reply says which outside influences the call used', async () => {
      const open = replyOf(await tier.run(makeJob(text, 'test.world', { determinism: 'D1' })));
      expect([...(open['influences'] as string[])].sort()).toEqual(['clock', 'random']);
      expect(replyOf(await tier.run(makeJob(text, 'test.world')))['influences']).toEqual([]);
    });
  });
});
