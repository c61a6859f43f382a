import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openArtifactStore } from '@mex/artifacts';
import { MexError } from '@mex/envelope';
import { openRecorder } from '@mex/flight-recorder';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { CALLER, openFixture, plan } from '../fixture.ts';
import { FUZZ_TIMEOUT_MS, fuzzRun, IS_LONG } from './seed.ts';

/** A damage to a file of `size` bytes. */
interface Damage {
  readonly kind: 'flip' | 'overwrite' | 'truncate' | 'zero' | 'append';
  readonly at: number;
  readonly bytes: Uint8Array;
}

const damage: fc.Arbitrary<Damage> = fc.record({
  kind: fc.constantFrom('flip', 'overwrite', 'truncate', 'zero', 'append'),
  // The first page holds what SQLite decides by.
  at: fc.oneof(fc.nat(120), fc.nat(10_000_000)),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 64 }),
});

function apply(file: Buffer, { kind, at, bytes }: Damage): Buffer {
  const place = file.length === 0 ? 0 : at % file.length;
  if (kind === 'truncate') return file.subarray(0, place);
  if (kind === 'append') return Buffer.concat([file, bytes]);
  const copy = Buffer.from(file);
  if (kind === 'overwrite') copy.set(bytes.subarray(0, copy.length - place), place);
  else if (kind === 'zero') copy.fill(0, place, Math.min(copy.length, place + 512));
  else if (copy.length > 0) copy[place] = (copy[place] ?? 0) ^ (1 << ((bytes[0] ?? 0) % 8));
  return copy;
}

const dir = mkdtempSync(join(tmpdir(), 'mex-fuzz-db-'));
const clean = join(dir, 'clean');
/** Files of a home that has run a few operations, relative to it. */
let databases: string[] = [];

beforeAll(async () => {
  const mex = await openFixture({
    'test.out': `await context.write('out.txt', params.text); context.log('x'); return { n: 1 };`,
  });
  for (let i = 0; i < 5; i += 1)
    await mex.runtime.execute(plan('test.out', { params: { text: `t${i}` } }), { caller: CALLER });
  await mex.runtime.close();
  await mex.store.close();
  await mex.recorder.close();
  cpSync(mex.dir, clean, { recursive: true });
  await mex.dispose();
  databases = readdirSync(clean, { recursive: true, encoding: 'utf8' }).filter((name) => /\.db(-wal)?$/.test(name));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Opens, reads and closes; a typed error is as good. */
async function tried(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    if (!(thrown instanceof MexError)) throw new Error(`no typed error: ${String(thrown)}`, { cause: thrown });
  }
}

describe('damaged databases', () => {
  const cases = { ...fuzzRun(60), ...(IS_LONG ? { numRuns: Math.ceil(fuzzRun(60).numRuns / 100) } : {}) };

  it('[§5] a log and a store open, or refuse with a typed error', { timeout: FUZZ_TIMEOUT_MS }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.array(damage, { minLength: 1, maxLength: 3 }), async (which, damages) => {
        const home = join(dir, 'damaged');
        rmSync(home, { recursive: true, force: true });
        cpSync(clean, home, { recursive: true });
        const name = databases[which % databases.length] ?? '';
        writeFileSync(join(home, name), damages.reduce(apply, readFileSync(join(home, name))));
        await tried(async () => {
          const recorder = openRecorder({ file: join(home, 'log.db') });
          try {
            recorder.list({ type: 'system' });
          } finally {
            await recorder.close();
          }
        });
        await tried(async () => {
          const store = openArtifactStore({ dir: join(home, 'artifacts') });
          try {
            await store.verify({ all: true });
          } finally {
            await store.close();
          }
        });
      }),
      cases,
    );
  });
});
