// Changes a workspace and is killed on the way: `{directory, act, at, wanted}` comes as one line on stdin.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { openArtifactStore } from '@mex/artifacts';
import { sha256Hex } from '@mex/envelope/digest';
import { openRecorder } from '@mex/flight-recorder';
import { applyChangeSet, type ChangeSet, rollbackRun } from '@mex/runs';

const RUN_ID = '018f0000-0000-7000-8000-000000000001';
const ADA = { id: 'os:ada', kind: 'human' } as const;

interface Command {
  readonly directory: string;
  readonly act: 'apply' | 'rollback';
  /** `step 5`, or `after 3.5` ms. */
  readonly at: string;
  readonly wanted: Readonly<Record<string, string | null>>;
}

async function readLine(): Promise<string> {
  for await (const chunk of process.stdin) return String(chunk);
  return '';
}

const { directory, act, at, wanted }: Command = JSON.parse(await readLine());
const workspace = join(directory, 'workspace');
const recorder = openRecorder({ file: join(directory, 'home/log.db') });
const store = openArtifactStore({ dir: join(directory, 'home/artifacts') });
const entries: ChangeSet['entries'] = [];
for (const [path, content] of Object.entries(wanted)) {
  const target = join(workspace, path);
  const before_sha256 = existsSync(target) && statSync(target).isFile() ? sha256Hex(readFileSync(target)) : null;
  const meta = { kind: 'file', mime: 'text/plain', created_by: {} } as const;
  entries.push({ path, before_sha256, after: content === null ? null : await store.put(Buffer.from(content), meta) });
}
const set: ChangeSet = { schema_version: 'mex.change_set@1.0', entries };

const die = (): void => process.kill(process.pid, 'SIGKILL') && undefined;
const [kind, value] = at.split(' ');
let steps = 0;
const onStep = (): void => {
  if (kind === 'step' && steps === Number(value)) die();
  steps += 1;
};
if (kind === 'after') {
  // From another thread: the change itself never knows.
  const { Worker } = await import('node:worker_threads');
  const code = `setTimeout(() => process.kill(process.pid, 'SIGKILL'), ${Number(value)})`;
  await new Promise((resolve) => new Worker(code, { eval: true }).once('online', resolve));
}
const powers = { recorder, store, onStep };
if (act === 'rollback') await rollbackRun(powers, { runId: RUN_ID, actor: ADA });
else {
  const limits = {
    workspace,
    budget: { max_files_changed: 100, max_lines_per_file: 500 },
    formattingOnly: 'warn',
    forbidden: [],
  } as const;
  await applyChangeSet(powers, { set, runId: RUN_ID, actor: ADA, ...limits });
}
console.log('survived');
process.exit(0);
