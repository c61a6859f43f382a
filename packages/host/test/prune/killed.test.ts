import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openHost } from '@mex/host';
import { afterAll, expect, it } from 'vitest';
import { writeJanitor } from './fake-janitor.ts';

const CHILD = fileURLToPath(new URL('./killed-child.ts', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'mex-killed-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

it('[§5] a collection that is killed half way leaves a store that verifies, and the next one finishes', async () => {
  const child = spawn(process.execPath, ['--conditions=@mex/source', CHILD, home], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [, signal] = await once(child, 'close');
  expect(signal).toBe('SIGKILL');
  const host = await openHost({ home, engines: [writeJanitor(home, "item.layer==='cache'")] });
  try {
    const cached = async () =>
      (await host.artifacts.list({ limit: 1_000 })).artifacts.filter(({ layer }) => layer === 'cache').length;
    expect(await cached()).toBe(100);
    expect(await host.artifacts.verify({ all: true })).toMatchObject({ ok: true, orphaned: [] });
    // What was to go is known: the report was kept first.
    expect((await host.artifacts.list({ kind: 'report' })).artifacts).toHaveLength(1);
    const { removal } = await host.prune({ now: Date.now() + 100 * 86_400_000, policy: { minVersions: 0 } });
    expect(removal?.removed).toHaveLength(100);
    expect(await cached()).toBe(0);
    expect(await host.artifacts.verify({ all: true })).toMatchObject({ ok: true, orphaned: [] });
  } finally {
    await host.close();
  }
});
