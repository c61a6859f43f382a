import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { openArtifactStore } from '@mex/artifacts';
import { expect, it } from 'vitest';
import { outputOf, startChild } from './child-process.ts';
import { META, openTestStore, someBytes, tempDirectory } from './temp-store.ts';

it('[§5][§9] a process killed in the middle of puts loses nothing it acknowledged and leaves nothing half written', async () => {
  const dir = join(tempDirectory(), 'store');
  let acknowledged = 0;
  for (const [round, lifetime] of [20, 45, 90, 130].entries()) {
    const child = startChild('put-until-killed.ts', [dir, `round-${round}`]);
    const output = outputOf(child);
    await once(child.stdout ?? child, 'data');
    await sleep(lifetime);
    child.kill('SIGKILL');
    const lines = (await output).split('\n').slice(0, -1);
    const store = openArtifactStore({ dir });
    for (const line of lines) {
      const [artifactId = '', sha256] = line.split(' ');
      const handle = await store.resolve(artifactId);
      expect(handle.sha256).toBe(sha256);
      expect(await store.get(handle)).toHaveLength(handle.size_bytes);
    }
    acknowledged += lines.length;
    expect(readdirSync(join(dir, 'tmp'))).toEqual([]);
    expect(await store.verify({ all: true })).toMatchObject({ ok: true, corrupt: [], missing: [], database: [] });
    await store.close();
  }
  expect(acknowledged).toBeGreaterThan(20);
});

it('two processes put into one store at once, the same content among it', async () => {
  const dir = join(tempDirectory(), 'store');
  const outputs = ['a', 'b'].map((label) => outputOf(startChild('put-some.ts', [dir, label, '60'])));
  expect(await Promise.all(outputs)).toEqual(['done 60\n', 'done 60\n']);
  const store = openTestStore({ dir });
  expect(await store.verify({ all: true })).toMatchObject({ ok: true, objects: 180, manifests: 240, orphaned: [] });
});

it('the temporary files of a live process are left alone', async () => {
  const dir = join(tempDirectory(), 'store');
  const store = openTestStore({ dir });
  let arrived = (): void => undefined;
  const halfWay = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const source = async function* (): AsyncGenerator<Uint8Array> {
    yield someBytes(200_000);
    arrived();
    await released;
    yield someBytes(10);
  };
  const pending = store.putStream(source(), META, { maxBytes: 1e6 });
  await halfWay;
  expect(readdirSync(join(dir, 'tmp'))).toHaveLength(1);
  await openArtifactStore({ dir }).close();
  expect(readdirSync(join(dir, 'tmp'))).toHaveLength(1);
  release();
  expect((await pending).size_bytes).toBe(200_010);
  expect(existsSync(join(dir, 'tmp'))).toBe(true);
  expect(readdirSync(join(dir, 'tmp'))).toEqual([]);
});

it('a write that cannot get the lock in time says so, stays retryable, and reads go on', async () => {
  const store = openTestStore({ lockTimeoutMs: 250 });
  const handle = await store.put(someBytes(9), META);
  const other = new DatabaseSync(join(store.dir, 'objects.db'));
  other.exec('BEGIN IMMEDIATE');
  const refused = store.put(someBytes(10), META);
  await expect(refused).rejects.toMatchObject({ code: 'ARTIFACT_STORE_LOCKED', retryable: true });
  expect(await store.get(handle)).toHaveLength(9);
  const waiting = store.put(someBytes(11), META);
  other.exec('ROLLBACK');
  other.close();
  expect((await waiting).size_bytes).toBe(11);
});
