import { existsSync, mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { ArtifactHandle } from '@mex/envelope';
import { sha256Hex } from '@mex/envelope/digest';
import type { Host } from '@mex/host';
import { usageError } from './usage-error.ts';

/** Copies an artifact out of a host's store and records that (CONTRACT §5). Answers with the absolute path. */
export async function materialize(
  host: Host,
  handle: ArtifactHandle,
  path: string,
  options: { readonly overwrite?: boolean } = {},
): Promise<string> {
  const target = resolve(path);
  makeDirectory(dirname(target));
  const { artifact_id, sha256, path: written } = await host.artifacts.materialize(handle, target, options);
  // The record says where by hash only: paths are a person's business (CONTRACT §11).
  await host.record('artifact.materialized', { artifact_id, sha256, target_sha256: sha256Hex(written) });
  return written;
}

/** Step by step: with `recursive`, Node 26 tries for ever where a directory exists that takes no others, like /proc. */
function makeDirectory(path: string): void {
  const missing: string[] = [];
  for (let at = path; !existsSync(at) && dirname(at) !== at; at = dirname(at)) missing.push(at);
  for (const one of missing.toReversed()) {
    try {
      mkdirSync(one);
    } catch (error) {
      if (!existsSync(one)) throw unwritable(one, error);
    }
  }
}

function unwritable(path: string, error: unknown): Error {
  const why = error instanceof Error && 'code' in error ? String(error.code) : 'unknown cause';
  return usageError(`The directory ${path} cannot be made: ${why}.`, 'Name a place where you may write.');
}
