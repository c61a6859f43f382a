import { type Stats, statSync } from 'node:fs';
import type { ArtifactHandle } from '@mex/envelope';
import { canonicalJson, parseStrictJson } from '@mex/envelope/json';
import type { Host } from '@mex/host';
import { usageError } from './usage-error.ts';

/** `--input name=path`, of `mex run` and `mex policy explain`. */
export interface NamedInput {
  readonly name: string;
  readonly path: string;
  readonly stats: Stats;
}

/** Names are those of ArtifactHandle in the envelope. */
const INPUT_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** @throws MexError `CLI_USAGE`, `CLI_FILE_UNREADABLE` */
export function parseInput(text: string): NamedInput {
  const at = text.indexOf('=');
  const name = text.slice(0, Math.max(0, at));
  const path = text.slice(at + 1);
  if (at < 0 || path === '' || !INPUT_NAME.test(name)) {
    throw usageError(
      `--input does not understand "${text}".`,
      'Write --input name=path; a name has letters, digits, ".", "_" and "-".',
    );
  }
  try {
    return { name, path, stats: statSync(path) };
  } catch (error) {
    const why =
      error instanceof Error && 'code' in error && error.code === 'ENOENT' ? 'it does not exist' : 'it cannot be read';
    throw usageError(`The input ${path} cannot be used: ${why}.`, 'Check the path.', 'CLI_FILE_UNREADABLE');
  }
}

const MAX_INPUT_BYTES = 4 * 1024 ** 3;

/** Stores files, pins directories, and appends their handles to the operation's inputs. */
export async function addInputs(
  host: Host,
  operation: Uint8Array,
  inputs: readonly NamedInput[],
): Promise<string | Uint8Array> {
  return inputs.length === 0 ? operation : appendInputs(operation, await storeInputs(host, inputs));
}

async function storeInputs(host: Host, inputs: readonly NamedInput[]): Promise<ArtifactHandle[]> {
  const created_by = { actor_id: host.caller.id };
  const handles: ArtifactHandle[] = [];
  for (const { name, path, stats } of inputs) {
    if (stats.isDirectory()) {
      const { handle, index } = await host.artifacts.pinDirectory(path, { meta: { created_by, name } });
      const { artifact_id, sha256 } = handle;
      await host.record('directory.pinned', { artifact_id, sha256, entries: index.entries.length });
      handles.push({ ...handle, name });
    } else {
      const meta = { kind: 'file', mime: 'application/octet-stream', layer: 'raw', name, created_by } as const;
      handles.push(await host.artifacts.putStream(path, meta, { maxBytes: MAX_INPUT_BYTES }));
    }
  }
  return handles;
}

/** The strict door reads the operation before anything is added to it; the runtime judges the whole once more. */
function appendInputs(text: Uint8Array, handles: readonly ArtifactHandle[]): string {
  const value = parseStrictJson(text);
  const before = isObject(value) ? value['inputs'] : undefined;
  if (!isObject(value) || !Array.isArray(before))
    throw usageError('The operation has no list "inputs" to append to.', 'Write "inputs": [] into it.');
  return canonicalJson({ ...value, inputs: [...before, ...handles] });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
