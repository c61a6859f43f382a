import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { engine as sandbox } from '@mex/engine-sandbox';
import { DEFAULT_POLICY, type Host, openHost } from '@mex/host';
import type { Case } from '../cases.ts';
import { withDirectory } from '../runner/bench-directory.ts';
import { takeTurns, timed } from '../runner/rounds.ts';
import { limitRow, ratioRow } from '../runner/row.ts';

/** Calls, objects, texts, sorting and JSON: what scripts of planners do. */
const WORK = `
  const fib = (n) => (n < 2 ? n : fib(n - 1) + fib(n - 2));
  const rows = Array.from({ length: 20000 }, (_, id) => ({ id, name: 'n' + (id * 7919) % 20011 }));
  rows.sort((a, b) => (a.name < b.name ? -1 : 1));
  const again = JSON.parse(JSON.stringify(rows));
  const words = 'abc123 foo456 '.repeat(2000).match(/[a-z]+\\d+/g);
  return fib(22) + again.length + words.length;`;
const ANSWER = 17_711 + 20_000 + 4_000;

/** A planner's script through a whole operation, beside the same script in a context of Node's, which protects nothing. */
export const scripts: Case = () =>
  withDirectory('scripts', async (dir) => {
    const host = await openHost({
      home: join(dir, 'home'),
      engines: [sandbox],
      policy: { ...DEFAULT_POLICY, quota: { maxPerMinute: 1_000_000_000 } },
    });
    try {
      const { mex, vm, nothing } = await takeTurns(
        {
          mex: () => timed(() => run(host, WORK, ANSWER)),
          vm: () => timed(() => runInNewContext(`(() => {${WORK}})()`)),
          nothing: () => timed(() => run(host, 'return 1', 1)),
        },
        { warmup: 2, rounds: 7 },
      );
      return [
        ratioRow({
          promise: 'a script of calls, sorting and JSON',
          ours: mex,
          peer: vm,
          peerName: 'node:vm alone',
          unit: 'ms',
          figure: 'time',
        }),
        limitRow('a script that does nothing', nothing, 'ms'),
      ];
    } finally {
      await host.close();
    }
  });

async function run(host: Host, script: string, answer: number): Promise<void> {
  const planned = host.plan({ engineId: 'engine.sandbox', operation: 'sandbox.run_js', params: { script } });
  const result = await host.execute(planned, { cache: 'bypass' });
  if (result.summary?.['result'] !== answer)
    throw new Error(`run_js ${result.status}: ${JSON.stringify(result.errors)}`);
}
