import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ArtifactStore } from '@mex/artifacts';
import type { ArtifactHandle } from '@mex/envelope';

/** Pins a folder, then swaps a file and a folder in it for links to the secret, as an attacker on the machine would. */
export async function pinFolder(store: ArtifactStore): Promise<ArtifactHandle> {
  const { secretFile } = JSON.parse(process.env['MEX_TARGET'] ?? '{}') as { secretFile: string };
  const dir = mkdtempSync(join(tmpdir(), 'pinned-'));
  mkdirSync(join(dir, 'folder'));
  const files = ['a.txt', 'swapped.txt', 'folder/secret.txt'];
  for (const file of files) writeFileSync(join(dir, file), 'file-honest-0000');
  symlinkSync(secretFile, join(dir, 'link.txt'));
  const { handle } = await store.pinFiles(dir, files);
  rmSync(join(dir, 'swapped.txt'));
  symlinkSync(secretFile, join(dir, 'swapped.txt'));
  renameSync(join(dir, 'folder'), join(dir, 'was'));
  symlinkSync(dirname(secretFile), join(dir, 'folder'));
  return handle;
}
