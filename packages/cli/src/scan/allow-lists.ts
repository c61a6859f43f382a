import { basename } from 'node:path';
import type { ArtifactHandle } from '@mex/envelope';
import type { Host } from '@mex/host';
import { usageError } from '../usage-error.ts';
import type { ScanPolicy } from './scan-policy.ts';

/** The operator's documents as artifacts: what they said at this scan stays known, by hash (CONTRACT §13). */
export interface AllowLists {
  readonly policy: ArtifactHandle | undefined;
  readonly vex: readonly ArtifactHandle[];
  readonly licensePolicy: ArtifactHandle | undefined;
  readonly secretBaseline: ArtifactHandle | undefined;
}

const MAX_BYTES = 16 * 1024 * 1024;

/** Stores what the policy names. @throws MexError `CLI_FILE_UNREADABLE` for a document that cannot be read */
export async function storeAllowLists(host: Host, policy: ScanPolicy): Promise<AllowLists> {
  const created_by = { actor_id: host.caller.id };
  const store = (path: string): Promise<ArtifactHandle> => storeDocument(host, path);
  const [own, vex, licensePolicy, secretBaseline] = await Promise.all([
    policy.bytes === undefined
      ? undefined
      : host.artifacts.put(policy.bytes, {
          kind: 'file',
          mime: 'application/json',
          layer: 'raw',
          name: 'scan-policy.json',
          created_by,
        }),
    Promise.all(policy.vex.map(store)),
    policy.licensePolicy === undefined ? undefined : store(policy.licensePolicy),
    policy.secretBaseline === undefined ? undefined : store(policy.secretBaseline),
  ]);
  return { policy: own, vex, licensePolicy, secretBaseline };
}

async function storeDocument(host: Host, path: string): Promise<ArtifactHandle> {
  const name =
    basename(path)
      .replace(/[^\w.-]/g, '_')
      .replace(/^[._-]+/, '')
      .slice(-100) || 'document';
  const meta = { kind: 'file', mime: 'application/json', layer: 'raw', name } as const;
  try {
    return await host.artifacts.putStream(
      path,
      { ...meta, created_by: { actor_id: host.caller.id } },
      { maxBytes: MAX_BYTES },
    );
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code !== 'ARTIFACT_INVALID' && code !== 'ARTIFACT_TOO_LARGE') throw error;
    throw usageError(
      `The allow list ${path} cannot be used: ${code === 'ARTIFACT_INVALID' ? 'it is no file that can be read' : `it has more than ${MAX_BYTES} bytes`}.`,
      'Correct its path in the scan policy. Without it nothing is scanned.',
      'CLI_FILE_UNREADABLE',
    );
  }
}
