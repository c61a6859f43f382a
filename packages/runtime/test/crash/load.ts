// Child of crash.test.ts: a load of operations in one home, each acknowledged on stdout, until it is killed.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openArtifactStore } from '@mex/artifacts';
import { createFileSigner, openRecorder } from '@mex/flight-recorder';
import { createRegistry } from '@mex/registry';
import { createRuntime, createThreadTier } from '@mex/runtime';
import { CALLER, makeEngine, openPolicy, plan } from '../fixture.ts';

const dir = process.argv[2] ?? '';
mkdirSync(join(dir, 'bundles'), { recursive: true });
const source = makeEngine(join(dir, 'bundles'), 'engine.test.unit', {
  'test.small': `await context.write('out.txt', params.text); return {};`,
  // Large enough to be spooled into a shadow workspace.
  'test.large': `await context.write('out.txt', params.text.repeat(200000)); return {};`,
});
const recorder = openRecorder({ file: join(dir, 'log.db'), signer: createFileSigner(join(dir, 'keys')) });
const store = openArtifactStore({ dir: join(dir, 'artifacts') });
const runtime = createRuntime({
  recorder,
  store,
  registry: createRegistry([source]),
  policy: openPolicy,
  tiers: [createThreadTier({ maxThreads: 2 })],
  resultCache: {},
});
await runtime.recover();

/** Asked again and again: some are answered from the cache, also by the process after the kill. */
const QUESTIONS = 96;
let count = 0;
async function work(): Promise<never> {
  for (;;) {
    count += 1;
    const operation = count % 16 === 0 ? 'test.large' : 'test.small';
    const budget = { output_bytes: 4 * 1024 * 1024 };
    const result = await runtime.execute(plan(operation, { params: { text: `text ${count % QUESTIONS}` }, budget }), {
      caller: CALLER,
    });
    process.stdout.write(`${result.op_id} ${result.status} ${result.outputs[0]?.sha256 ?? '-'}\n`);
  }
}
await Promise.all(Array.from({ length: 16 }, work));
