import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ArtifactHandle, EngineResult } from '@mex/envelope';
import { sha256Hex } from '@mex/envelope/digest';
import { type EngineHandle, type Host, openHost } from '@mex/host';
import { engine as hello } from '@mex-example/engine-hello';
import type { Case } from '../cases.ts';
import { withDirectory } from '../runner/bench-directory.ts';
import { takeTurns, timed } from '../runner/rounds.ts';
import { limitRow, type Row, ratioRow } from '../runner/row.ts';
import { quantile } from '../runner/statistics.ts';

const SIZES = [
  { bytes: 4 * 1024, name: '4 KiB', times: 100 },
  { bytes: 1024 * 1024, name: '1 MiB', times: 40 },
  { bytes: 16 * 1024 * 1024, name: '16 MiB', times: 5 },
] as const;

/** A served operation beside reading its artifact, and beside running it again; two commits are its floor. */
export const resultCache: Case = () =>
  withDirectory('result-cache', async (dir) => {
    const host = await openHost({ home: join(dir, 'home'), engines: [writeEngine(join(dir, 'engine'))] });
    try {
      const rows: Row[] = [];
      for (const size of SIZES) rows.push(...(await measure(host, size)));
      return rows;
    } finally {
      await host.close();
    }
  });

async function measure(host: Host, { bytes, name, times }: (typeof SIZES)[number]): Promise<Row[]> {
  const first = await run(host, bytes, 'use');
  const handle = first.outputs[0];
  if (handle === undefined) throw new Error('the engine wrote nothing');
  const medianOf = async (work: () => Promise<unknown>): Promise<number> => {
    const samples: number[] = [];
    for (let count = 0; count < times; count += 1) samples.push(await timed(work));
    return quantile(samples, 0.5);
  };
  const { served, again, read, commits } = await takeTurns(
    {
      served: () => medianOf(() => run(host, bytes, 'use')),
      again: () => medianOf(() => run(host, bytes, 'bypass')),
      read: () => medianOf(() => readWhole(host, handle)),
      commits: () => medianOf(() => twoCommits(host)),
    },
    { warmup: 1, rounds: 5 },
  );
  const compared = { unit: 'ms', figure: 'time', ours: served } as const;
  return [
    ratioRow({ ...compared, promise: `served, ${name}`, peer: read, peerName: 'reading the artifact', atLeast: 0.5 }),
    ratioRow({ ...compared, promise: `served, ${name}`, peer: again, peerName: 'running it again' }),
    limitRow(`beside ${name}: two durable events`, commits, 'ms'),
  ];
}

/** @throws Error unless it was answered the way that is measured */
async function run(host: Host, bytes: number, cache: 'use' | 'bypass'): Promise<EngineResult> {
  const plan = host.plan({ engineId: ENGINE, operation: 'write.bytes', params: { bytes } });
  const result = await host.execute(plan, { cache });
  if (result.status !== 'succeeded') throw new Error(`operation ${result.status}: ${JSON.stringify(result.errors)}`);
  if (cache === 'bypass' && result.provenance.cached_from !== undefined) throw new Error('it was served');
  return result;
}

async function readWhole(host: Host, handle: ArtifactHandle): Promise<void> {
  const { length } = await host.artifacts.get(handle);
  if (length !== handle.size_bytes) throw new Error('another artifact came back');
}

/** With one event each; without any the database has nothing to sync. */
async function twoCommits(host: Host): Promise<void> {
  await host.record('host.stopped', { reason: 'bench' });
  await host.record('host.stopped', { reason: 'bench' });
}

const ENGINE = 'engine.bench.write';

/** The example engine, with an output as large as it is asked for. */
function writeEngine(dir: string): EngineHandle {
  const code = `(function(){'use strict';__mex_register__({operations:{'write.bytes':{run:async(context,params)=>{await context.write('out.txt','x'.repeat(params.bytes));return {};}}}});})();`;
  mkdirSync(dir, { recursive: true });
  const bundle = join(dir, 'engine.bundle');
  writeFileSync(bundle, code);
  const { manifest } = hello;
  const [greet] = Object.values(manifest.operations);
  if (greet === undefined) throw new Error('the example engine has no operation');
  const budget = { ...manifest.default_budget, output_bytes: 64 * 1024 * 1024 };
  return {
    bundle: pathToFileURL(bundle).href,
    manifest: {
      ...manifest,
      engine_id: ENGINE,
      operations: {
        'write.bytes': {
          ...greet,
          params_schema: {
            type: 'object',
            properties: { bytes: { type: 'integer', minimum: 0, maximum: 64 * 1024 * 1024 } },
            required: ['bytes'],
            additionalProperties: false,
          },
          outputs: [{ name: 'out.txt', kind: 'file', mime: 'text/plain' }],
          capabilities: ['fs.write:artifacts'],
        },
      },
      default_budget: budget,
      budget_ceilings: budget,
      bundle: { sha256: sha256Hex(code), size_bytes: code.length },
    },
  };
}
