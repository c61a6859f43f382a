import { createHash, randomBytes, randomFillSync } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type ArtifactMeta, openArtifactStore } from '@mex/artifacts';
import type { ArtifactHandle } from '@mex/envelope';
import { get as cacheGet, put as cachePut } from 'cacache';
import type { Case } from '../cases.ts';
import { withDirectory } from '../runner/bench-directory.ts';
import { takeTurns, throughput, timed } from '../runner/rounds.ts';
import { type Row, ratioRow } from '../runner/row.ts';

const SMALL_BYTES = 4_096;
const LARGE_BYTES = 64 * 1024 * 1024;
const META: ArtifactMeta = { kind: 'file', mime: 'application/octet-stream', created_by: {} };
const LANES = [
  { lanes: 1, count: 200, how: 'one at a time' },
  { lanes: 64, count: 640, how: '64 in flight' },
] as const;

/** The artifact store, durable, beside npm's cache, which is not, and beside hashing alone. */
export const artifacts: Case = () =>
  withDirectory('artifacts', async (dir) => [...(await smallObjects(dir)), await largeObject(dir)]);

async function smallObjects(dir: string): Promise<Row[]> {
  const store = openArtifactStore({ dir: join(dir, 'small') });
  const cache = join(dir, 'cacache');
  const rows: Row[] = [];
  const fresh = (count: number): Buffer[] => Array.from({ length: count }, () => randomBytes(SMALL_BYTES));
  const compared = { peerName: 'cacache', unit: '/s', figure: 'speed', atLeast: 5 } as const;
  for (const { lanes, count, how } of LANES) {
    let handles: ArtifactHandle[] = [];
    let keys: string[] = [];
    const figures = await takeTurns(
      {
        put: () => {
          const contents = fresh(count);
          handles = [];
          return throughput(lanes, count, async (index) => {
            handles.push(await store.put(contents[index] ?? Buffer.alloc(0), META));
          });
        },
        cachePut: () => {
          const contents = fresh(count);
          keys = contents.map((content) => `bench:${content.toString('hex', 0, 16)}`);
          return throughput(lanes, count, (index) => cachePut(cache, keys[index] ?? '', contents[index] ?? ''));
        },
      },
      { warmup: 1, rounds: 5 },
    );
    rows.push(ratioRow({ promise: `put 4 KiB, ${how}`, ...compared, ours: figures.put, peer: figures.cachePut }));
    const reading = await takeTurns(
      {
        get: () =>
          throughput(lanes, count, async (index) => {
            const handle = handles[index];
            if (handle === undefined) throw new Error('fewer handles than puts');
            expectSmall(await store.get(handle));
          }),
        cacheGet: () =>
          throughput(lanes, count, async (index) => expectSmall((await cacheGet(cache, keys[index] ?? '')).data)),
      },
      { warmup: 1, rounds: 5 },
    );
    rows.push(ratioRow({ promise: `get 4 KiB, ${how}`, ...compared, ours: reading.get, peer: reading.cacheGet }));
  }
  await store.close();
  return rows;
}

function expectSmall({ length }: Uint8Array): void {
  if (length !== SMALL_BYTES) throw new Error(`${length} bytes came back`);
}

async function largeObject(dir: string): Promise<Row> {
  const content = randomFillSync(Buffer.alloc(LARGE_BYTES));
  const perSecond = (milliseconds: number): number => LARGE_BYTES / 1_000 / milliseconds;
  let round = 0;
  const { put, hash } = await takeTurns(
    {
      put: async () => {
        // Content that is there already would be stored without growing the store; each round brings its own.
        content.writeUInt32LE(round);
        round += 1;
        const place = join(dir, `large-${round}`);
        const store = openArtifactStore({ dir: place });
        const took = await timed(() => store.put(content, META));
        await store.close();
        rmSync(place, { recursive: true });
        return perSecond(took);
      },
      hash: async () => perSecond(await timed(() => createHash('sha256').update(content).digest('hex'))),
    },
    { warmup: 1, rounds: 5 },
  );
  return ratioRow({
    promise: 'put 64 MiB',
    ours: put,
    peer: hash,
    peerName: 'createHash alone',
    unit: 'MB/s',
    figure: 'speed',
    atLeast: 0.8,
  });
}
