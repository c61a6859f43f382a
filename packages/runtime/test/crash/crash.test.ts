import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openArtifactStore } from '@mex/artifacts';
import { createFileSigner, openRecorder } from '@mex/flight-recorder';
import { createRegistry } from '@mex/registry';
import { createRuntime } from '@mex/runtime';
import { describe, expect, it } from 'vitest';
import { openPolicy } from '../fixture.ts';

const isSoak = process.env['MEX_SOAK'] !== undefined;
/** 9 kills every time, 50 with `npm run test:soak`. */
const HOMES = isSoak ? 5 : 3;
const KILLS_PER_HOME = isSoak ? 10 : 3;
const script = fileURLToPath(new URL('./load.ts', import.meta.url));

/** Numbers that look random and are the same in every run. */
function* numbers(seed: number): Generator<number> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state / 2 ** 32;
  }
}

/** Runs the load and kills it `delayMs` after its first acknowledgement. Answers with every acknowledged line. */
function runAndKill(dir: string, delayMs: number): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const child: ChildProcess = spawn(process.execPath, ['--conditions=@mex/source', script, dir], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    let errors = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      if (out === '') setTimeout(() => child.kill('SIGKILL'), delayMs);
      out += chunk.toString();
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    child.on('exit', (_code, signal) => {
      if (signal !== 'SIGKILL') reject(new Error(`the load ended by itself: ${errors}`));
      // A line that was cut off by the kill was not acknowledged.
      else
        resolve(
          out
            .slice(0, out.lastIndexOf('\n') + 1)
            .split('\n')
            .filter(Boolean),
        );
    });
  });
}

async function inspect(
  dir: string,
  acknowledged: readonly string[],
  whole: boolean,
): Promise<{ recovered: number; unfinished: number }> {
  const recorder = openRecorder({ file: join(dir, 'log.db'), signer: createFileSigner(join(dir, 'keys')) });
  const store = openArtifactStore({ dir: join(dir, 'artifacts') });
  const runtime = createRuntime({ recorder, store, registry: createRegistry([]), policy: openPolicy, tiers: [] });
  const recovered = await runtime.recover();
  const runs = new Map<string, string>();
  for (const { event } of recorder.list({ type: 'system', limit: 1_000_000 })) {
    if (event.type === 'system' && event.subject === 'engine.run') runs.set(event.body.op_id, event.body.status);
  }
  for (const line of acknowledged) {
    const [opId = '', status = '', sha256 = ''] = line.split(' ');
    expect(runs.get(opId), 'an acknowledged operation is in the log').toBe(status);
    if (sha256 !== '-') expect((await store.get(sha256)).byteLength).toBeGreaterThan(0);
  }
  // What may be served again was recorded whole: with the row is the result, and the event that proves it.
  const proven = new Set(
    recorder
      .list({ type: 'system', subject: 'engine.run', limit: 1_000_000, order: 'newest' })
      .flatMap(({ event }) => (event.type === 'system' && event.subject === 'engine.run' ? [event.body] : []))
      .map(({ op_id, cache }) => `${op_id} ${cache?.key_sha256}`),
  );
  for (const { op_id, key } of recorder.database.prepare('SELECT op_id, key FROM cached_results').all()) {
    expect(proven).toContain(`${String(op_id)} ${String(key)}`);
    expect(runtime.history.read(String(op_id)).result?.status).toBe('succeeded');
  }
  expect(recorder.list({ type: 'system', subject: 'cache.refused' })).toEqual([]);
  // The whole tree and every earlier acknowledgement are looked at again after the last kill only.
  if (whole) expect(await recorder.verify()).toMatchObject({ ok: true });
  const checked = recorder
    .list({ type: 'system', limit: 1_000_000 })
    .filter(({ event }) => event.type === 'system' && event.subject === 'operation.checked');
  const unfinished = checked.filter(({ event }) => !runs.has(String(event.activity_span_id))).length;
  await runtime.close();
  await store.close();
  await recorder.close();
  return { recovered, unfinished };
}

function listShadow(dir: string): string[] {
  const shadow = join(dir, 'shadow');
  return existsSync(shadow) ? readdirSync(shadow) : [];
}

describe('[§9] killing the process under load', () => {
  const random = numbers(9);
  const homes = Array.from({ length: HOMES }, (_, home) => ({
    home,
    delays: Array.from({ length: KILLS_PER_HOME }, () => Math.floor((random.next().value ?? 0) * 120)),
  }));

  it.each(homes)(
    `home $home, ${KILLS_PER_HOME} kills: nothing acknowledged is lost, nothing under way stays open, no shadow workspace is left`,
    async ({ delays }) => {
      const dir = mkdtempSync(join(tmpdir(), 'mex-crash-'));
      try {
        const acknowledged: string[] = [];
        let recovered = 0;
        for (const [round, delay] of delays.entries()) {
          const lines = await runAndKill(dir, delay);
          acknowledged.push(...lines);
          const last = round === delays.length - 1;
          const found = await inspect(dir, last ? acknowledged : lines, last);
          recovered += found.recovered;
          expect(found.unfinished).toBe(0);
          expect(listShadow(dir)).toEqual([]);
        }
        // A load of 16 at once is never caught with nothing under way: if nothing had to be recovered, nothing was tested.
        expect(recovered).toBeGreaterThan(0);
        // Each kill waited for the first acknowledgement of its process.
        expect(acknowledged.length).toBeGreaterThanOrEqual(KILLS_PER_HOME);
      } finally {
        rmSync(dir, { recursive: true, force: true });
      }
    },
    120_000,
  );
});
