import { mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { ArtifactHandle } from '@mex/envelope';
import { sha256Hex } from '@mex/envelope/digest';
import type { Host } from '@mex/host';

/** Copies an artifact out of a host's store and records that (CONTRACT §5). Answers with the absolute path. */
export async function materialize(
  host: Host,
  handle: ArtifactHandle,
  path: string,
  options: { readonly overwrite?: boolean } = {},
): Promise<string> {
  const target = resolve(path);
  mkdirSync(dirname(target), { recursive: true });
  const { artifact_id, sha256, path: written } = await host.artifacts.materialize(handle, target, options);
  // The record says where by hash only: paths are a person's business (CONTRACT §11).
  await host.record('artifact.materialized', { artifact_id, sha256, target_sha256: sha256Hex(written) });
  return written;
}
