/** Puts objects of mixed sizes for ever and prints each acknowledged one; its parent kills it. */
import { writeSync } from 'node:fs';
import { type ArtifactMeta, openArtifactStore } from '@mex/artifacts';

const [dir = '', label = ''] = process.argv.slice(2);
const meta: ArtifactMeta = { kind: 'file', mime: 'text/plain', created_by: {} };
const store = openArtifactStore({ dir });

async function putForEver(lane: number): Promise<never> {
  for (let round = 0; ; round += 1) {
    const length = lane === 0 ? 300_000 : 10 + ((round * 911) % 9_000);
    const bytes = Buffer.alloc(length, `${label}-${lane}-${round}-`);
    const handle = await store.put(bytes, meta);
    writeSync(1, `${handle.artifact_id} ${handle.sha256}\n`);
  }
}

await Promise.all([0, 1, 2, 3, 4, 5].map(putForEver));
