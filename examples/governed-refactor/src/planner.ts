import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { ArtifactStore } from '@mex/artifacts';
import { sha256Hex } from '@mex/envelope/digest';
import type { ChangeSet } from '@mex/runs';
import { modulePath } from './project.ts';

/** Who asks. It plans; nothing it says is done for that. */
export const PLANNER = { id: 'app:planner', kind: 'agent' } as const;

/** Proposes to rename a function in some modules: what is there, by hash, and what is to be there. Changes nothing. */
export async function proposeRename(
  store: ArtifactStore,
  workspace: string,
  modules: { readonly from: number; readonly to: number },
): Promise<ChangeSet> {
  const indexes = Array.from({ length: modules.to - modules.from }, (_, index) => modules.from + index);
  const entries = await Promise.all(
    indexes.map(async (index) => {
      const path = modulePath(workspace, index);
      const before = readFileSync(path);
      const after = Buffer.from(before.toString().replaceAll('fetchUser', 'loadUser'));
      return {
        path: `src/${basename(path)}`,
        before_sha256: sha256Hex(before),
        after: await store.put(after, { kind: 'file', mime: 'text/plain', created_by: {} }),
      };
    }),
  );
  return { schema_version: 'mex.change_set@1.0', title: 'Rename fetchUser to loadUser', entries };
}
