import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ArtifactStore } from '@mex/artifacts';
import { MexError } from '@mex/envelope';
import { createRegistry } from '@mex/registry';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { NO_OUTSIDE } from '../../src/broker/axes.ts';
import { Broker } from '../../src/broker/broker.ts';
import { Meter } from '../../src/budgets.ts';
import { CallChannel, readCallFrame, readReceipt } from '../../src/sandbox/call-channel.ts';
import { encodeFrame, type FrameKind, FrameReader } from '../../src/sandbox/process/frames.ts';
import { JobStop } from '../../src/sandbox/tier.ts';
import { Workspace } from '../../src/workspace.ts';
import { BUDGET, makeEngine } from '../fixture.ts';
import { makeJob } from '../sandbox/tier-fixture.ts';
import { mutated } from './mutate.ts';
import { FUZZ_TIMEOUT_MS, fuzzRun, seedCalls } from './seed.ts';

const dir = mkdtempSync(join(tmpdir(), 'mex-fuzz-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const calls = mutated(seedCalls());
const SESSION = 7;
const GRANTED = [
  'fs.read:inputs',
  'fs.write:artifacts',
  'fs.read:docs',
  'net.http:a.example',
  'proc.exec:git',
  'secrets.use:token',
  'device.camera',
];

function makeBroker(): Broker {
  const [engine] = createRegistry([makeEngine(dir, 'engine.test.unit', { 'test.echo': '' })]).engines;
  const operation = engine?.manifest.operations['test.echo'];
  if (engine === undefined || operation === undefined) throw new Error('no engine');
  const capabilities = GRANTED.map((capabilityId) => ({
    capabilityId,
    consentId: undefined,
  }));
  const budget = { ...BUDGET, file_writes: 1_000_000_000, output_bytes: 2 ** 50 };
  const grant = {
    opId: 'op',
    tier: 'thread' as const,
    capabilities,
    budget,
    manifest: engine.manifest,
    operation,
    implementation: { id: 'builtin', kind: 'builtin' } as const,
    sha256: '0'.repeat(64),
  };
  const refuse = (): Promise<never> =>
    Promise.reject(new MexError({ code: 'ARTIFACT_NOT_FOUND', kind: 'integrity', message: 'none' }));
  // Only what reads ask of it.
  const store = { get: () => Promise.resolve(new Uint8Array(3)), openBundle: refuse } as unknown as ArtifactStore;
  const input = { artifact_id: 'a', sha256: '0'.repeat(64), size_bytes: 3, mime: 'text/plain', kind: 'file' } as const;
  return new Broker({
    session: SESSION,
    grant,
    inputs: [input],
    store,
    meter: new Meter(budget),
    workspace: new Workspace('op', join(dir, 'shadow')),
    // Everything is granted, nothing is there: calls are read to their last member, and reach nothing.
    outside: NO_OUTSIDE,
    isConsentLive: () => true,
    toolRecords: { keep: () => Promise.reject(new Error('no tools')), onCommand: () => Promise.resolve() },
  });
}

describe('frames of an engine, fuzzed', () => {
  it('[§9] the broker answers a call or ends the job', { timeout: FUZZ_TIMEOUT_MS }, async () => {
    const broker = makeBroker();
    await fc.assert(
      fc.asyncProperty(calls, fc.option(fc.uint8Array({ maxLength: 20 }), { nil: undefined }), async (text, bytes) => {
        try {
          const reply: unknown = JSON.parse(
            (await broker.serve(bytes === undefined ? { text } : { text, bytes })).text,
          );
          expect(reply).toMatchObject({ session: SESSION, ok: expect.any(Boolean) });
        } catch (thrown) {
          if (!(thrown instanceof JobStop)) throw thrown;
        }
      }),
      fuzzRun(3_000),
    );
  });

  it('[§9] the channel serves calls of the job that runs, and of no other', { timeout: FUZZ_TIMEOUT_MS }, async () => {
    const job = makeJob('', 'test.echo');
    const prefix = `{"session":${SESSION},`;
    const texts = calls.map((text) => text.replace(prefix, `{"session":${job.session},`));
    const receipts = fc.tuple(
      fc.oneof(fc.nat(50), fc.double(), fc.constant(job.session)),
      fc.oneof(fc.nat(5), fc.double()),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(texts, receipts), { maxLength: 6 }), async (frames) => {
        const served: string[] = [];
        const stops: string[] = [];
        const channel = new CallChannel({ send: () => {}, close: () => {} }, (_, reason) => stops.push(reason));
        const onCall = ({ text }: { text: string }) => {
          served.push(text);
          return Promise.resolve({ text: '{}' });
        };
        channel.begin({ ...job, onCall });
        for (const frame of frames)
          await channel.receive(typeof frame === 'string' ? readCallFrame(frame, undefined) : readReceipt(...frame));
        channel.end();
        await channel.receive(readCallFrame(`{"session":${job.session},"id":1}`, undefined));
        // The channel reads a session as a number; a spelling that is no JSON is refused by the broker.
        const sessions = served.map((text) => Number(/^\{"session":([^,]*),/u.exec(text)?.[1]));
        expect(sessions.every((session) => session === job.session)).toBe(true);
        expect(served.length).toBeLessThanOrEqual(frames.length);
        expect(stops.every((reason) => reason === 'broker')).toBe(true);
      }),
      fuzzRun(1_500),
    );
  });

  const kinds: readonly FrameKind[] = ['call', 'received', 'reply', 'ready', 'loaded', 'load', 'run', 'answer'];
  const frame = fc.record({
    kind: fc.constantFrom(...kinds),
    text: fc.string({ unit: 'grapheme', maxLength: 30 }),
    bytes: fc.option(fc.uint8Array({ minLength: 1, maxLength: 30 }), { nil: undefined }),
  });
  const bounds = { maxTextBytes: 4_096, maxBytes: 4_096 };

  it('frames arrive as they were sent, in whatever pieces', { timeout: FUZZ_TIMEOUT_MS }, () => {
    fc.assert(
      fc.property(
        fc.array(frame, { maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 10 }),
        (frames, cuts) => {
          const stream = Buffer.concat(frames.flatMap(({ kind, text, bytes }) => encodeFrame(kind, text, bytes)));
          const seen: unknown[] = [];
          const reader = new FrameReader(bounds, (kind, text, bytes) =>
            seen.push({ kind, text, bytes: bytes && [...bytes] }),
          );
          for (let at = 0, i = 0; at < stream.length; i += 1) {
            const size = cuts[i % cuts.length] ?? 1;
            reader.push(stream.subarray(at, at + size));
            at += size;
          }
          expect(seen).toEqual(frames.map(({ kind, text, bytes }) => ({ kind, text, bytes: bytes && [...bytes] })));
        },
      ),
      fuzzRun(2_000),
    );
  });

  it('[§9] bytes of any kind are frames, or refused with a RangeError', { timeout: FUZZ_TIMEOUT_MS }, () => {
    const header = fc.tuple(
      fc.nat(9),
      fc.oneof(fc.nat(40), fc.nat(0xffff_ffff)),
      fc.oneof(fc.nat(40), fc.nat(0xffff_ffff)),
      fc.uint8Array({ maxLength: 100 }),
    );
    const hostile = header.map(([kind, text, bytes, rest]) => {
      const head = Buffer.alloc(9);
      head.writeUInt8(kind, 0);
      head.writeUInt32LE(text, 1);
      head.writeUInt32LE(bytes, 5);
      return Buffer.concat([head, rest]);
    });
    fc.assert(
      fc.property(fc.array(fc.oneof(hostile, fc.uint8Array({ maxLength: 60 })), { maxLength: 6 }), (chunks) => {
        const reader = new FrameReader(bounds, () => {});
        try {
          for (const chunk of chunks) reader.push(chunk);
        } catch (thrown) {
          if (!(thrown instanceof RangeError)) throw thrown;
        }
      }),
      fuzzRun(4_000),
    );
  });
});
