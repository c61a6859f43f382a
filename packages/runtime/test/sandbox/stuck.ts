// A process of its own: the thread it leaves behind keeps it from ending by itself. Prints what the tier says of it.
import { createThreadTier } from '../../src/sandbox/thread/host.ts';

const loop = 'const a = []; for (;;) a.push(new Array(100));';
const text = `const f = () => { ${loop} }; __mex_register__({ operations: { 'test.loop': { run: () => f() } } });`;
const tier = createThreadTier({ maxThreads: 2 });
const outcome = await tier.run({
  opId: 'stuck',
  session: 1,
  tenant: 'me',
  code: { engineId: 'engine.test.stuck', sha256: 'a', text },
  request: JSON.stringify({
    session: 1,
    op_id: 'stuck',
    operation: 'test.loop',
    determinism: 'D3',
    now_ms: 0,
    seed: '0',
    params: {},
    inputs: [],
  }),
  limits: { wall_time_ms: 60_000, cpu_time_ms: 200, memory_bytes: 4 * 1024 ** 3 },
  onCall: () => Promise.reject(new Error('no calls')),
  signal: undefined,
});
const waitedMs = Math.round(outcome.usage.wallMs);
const before = performance.now();
const { stuck } = await tier.close();
const closeMs = Math.round(performance.now() - before);
console.log(
  JSON.stringify({ reason: outcome.kind === 'killed' ? outcome.reason : 'replied', waitedMs, stuck, closeMs }),
);
