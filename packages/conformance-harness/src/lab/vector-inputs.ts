import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ArtifactStore } from '@mex/artifacts';
import type { LoadedVector } from '@mex/engine-sdk/testing';
import type { ArtifactHandle } from '@mex/envelope';

/** One input of a vector in memory: a blob, or the files of a directory. */
export type InputContent =
  | { readonly kind: 'blob'; readonly bytes: Uint8Array }
  | { readonly kind: 'bundle'; readonly files: ReadonlyMap<string, Uint8Array> };

/** The inputs of a vector, in its order. */
export function readInputs({ dir, document, files }: LoadedVector): InputContent[] {
  return document.inputs.map(({ path }): InputContent => {
    if (files.some((file) => file.path === path)) return { kind: 'blob', bytes: readFileSync(join(dir, path)) };
    const below = files.filter((file) => file.path.startsWith(`${path}/`));
    const own = below.map((file): [string, Uint8Array] => [
      file.path.slice(path.length + 1),
      readFileSync(join(dir, file.path)),
    ]);
    return { kind: 'bundle', files: new Map(own) };
  });
}

/** Puts inputs into a store, as the vector names and types them. */
export async function storeInputs(
  store: ArtifactStore,
  { document }: LoadedVector,
  contents: readonly InputContent[],
): Promise<ArtifactHandle[]> {
  const handles: ArtifactHandle[] = [];
  for (const [at, content] of contents.entries()) {
    const { name, mime, kind } = document.inputs[at] ?? { path: '' };
    const common = { layer: 'raw', created_by: {}, ...(name === undefined ? {} : { name }) } as const;
    if (content.kind === 'bundle') {
      const files = [...content.files].map(([path, bytes]) => ({ path, bytes }));
      handles.push((await store.putBundle(files, common)).handle);
    } else {
      const type = { mime: mime ?? 'application/octet-stream', kind: kind ?? 'file' };
      handles.push(await store.put(content.bytes, { ...common, ...type }));
    }
  }
  return handles;
}
