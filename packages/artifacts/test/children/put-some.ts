/** Puts a number of objects, some of them the same in every process, and prints how many. */
import { type ArtifactMeta, openArtifactStore } from '@mex/artifacts';

const [dir = '', label = '', count = '0'] = process.argv.slice(2);
const meta: ArtifactMeta = { kind: 'file', mime: 'text/plain', created_by: {} };
const store = openArtifactStore({ dir });
for (let round = 0; round < Number(count); round += 1) {
  const own = Buffer.from(`${label}-${round}`);
  const common = Buffer.alloc(round % 10 === 0 ? 80_000 : 50, `common-${round}-`);
  const handles = await Promise.all([store.put(own, meta), store.put(common, meta)]);
  for (const handle of handles)
    if ((await store.get(handle)).length !== handle.size_bytes) throw new Error('wrong bytes');
}
await store.close();
console.log(`done ${count}`);
