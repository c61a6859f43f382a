import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createFileSigner, openRecorder } from '@mex/flight-recorder';
import { openInbox } from '@mex/host';
import { afterAll, expect, it } from 'vitest';

const CHILD = fileURLToPath(new URL('./held-child.ts', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'mex-held-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** Ids that a process printed before it was killed in the middle of its work. */
function killedAfter(lines: number): Promise<string[]> {
  const child = spawn(process.execPath, ['--conditions=@mex/source', CHILD, home], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (more: string) => {
    text += more;
    if (text.split('\n').length > lines) child.kill('SIGKILL');
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => resolve(text.split('\n').slice(0, -1)));
  });
}

it('[§12] every operation that was reported as held is in the inbox after the process was killed', async () => {
  const told = await killedAfter(20);
  expect(told.length).toBeGreaterThanOrEqual(20);
  const recorder = openRecorder({ file: join(home, 'log.db'), signer: createFileSigner(join(home, 'keys')) });
  try {
    const inbox = openInbox(recorder);
    const waiting = new Set(inbox.list({ limit: 10_000 }).map(({ approval_id }) => approval_id));
    expect(told.filter((id) => !waiting.has(id))).toEqual([]);
    // What is in the inbox is whole: the log proves every case.
    for (const id of waiting) expect(inbox.show(id).state).toBe('pending');
    expect(await recorder.verify()).toMatchObject({ ok: true });
  } finally {
    await recorder.close();
  }
});
