import type { ArtifactStore } from '@mex/artifacts';
import type { ChangeSet, FileChange } from '../change-set/change-set.ts';
import { applyHunks, type FileDiff, parseUnifiedDiff } from '../change-set/unified-diff.ts';
import { conflict } from './plan-moves.ts';
import { Tree } from './tree.ts';
import { verifyPaths } from './tree-path.ts';

/**
 * Turns a unified diff into a change set against a workspace as it is now; what files become is put into the store.
 * Nothing is changed in the workspace.
 * @throws MexError `CHANGE_SET_INVALID`, `CHANGE_CONFLICT`, `POLICY_PATH_ESCAPE`, `WORKSPACE_INVALID`
 */
export async function diffToChangeSet(
  store: ArtifactStore,
  workspace: string,
  diff: Uint8Array,
  title?: string,
): Promise<ChangeSet> {
  const files = parseUnifiedDiff(diff);
  verifyPaths(
    files.map(({ path }) => path),
    [],
  );
  const tree = new Tree(workspace);
  try {
    const entries: FileChange[] = [];
    for (const file of files) entries.push(await toEntry(store, tree, file));
    return { schema_version: 'mex.change_set@1.0', ...(title === undefined ? {} : { title }), entries };
  } finally {
    tree.close();
  }
}

async function toEntry(store: ArtifactStore, tree: Tree, file: FileDiff): Promise<FileChange> {
  const { path, change, mode } = file;
  const observed = tree.observe(path);
  const before = 'bytes' in observed ? observed : undefined;
  if ((change === 'create') !== (observed.state === null)) throw conflict([path]);
  if (change !== 'create' && before === undefined) throw conflict([path]);
  const made = applyHunks(before?.bytes, file);
  if (change === 'delete' && made.length > 0) throw conflict([path]);
  const meta = { kind: 'file', mime: 'application/octet-stream', classification: 'high', created_by: {} } as const;
  return {
    path,
    before_sha256: before?.state.sha256 ?? null,
    after: change === 'delete' ? null : await store.put(made, meta),
    ...(mode === undefined || change === 'delete' ? {} : { mode }),
  };
}
