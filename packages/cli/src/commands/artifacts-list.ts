import type { ArtifactManifest } from '@mex/envelope';
import { type CommandRun, optionCount, optionText } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { openStore } from '../home.ts';
import { dim, type Piece, red } from '../output/style.ts';
import { formatBytes, shortHash } from '../output/units.ts';
import { parseSince } from '../time-option.ts';

const DEFAULT_LIMIT = 50;

/** `mex artifacts list` */
export const listArtifacts: CommandRun = async (invocation, terminal) => {
  const op = optionText(invocation, 'op');
  const age = optionText(invocation, 'since');
  const limit = optionCount(invocation, 'limit') ?? DEFAULT_LIMIT;
  const since = age === undefined ? {} : { since: new Date(parseSince(age, Date.now())).toISOString() };
  const store = await openStore(invocation);
  try {
    const { artifacts, unreadable } = await store.list({ limit, ...since, ...(op === undefined ? {} : { op }) });
    terminal.document({ artifacts, unreadable });
    terminal.table(artifacts.map(artifactRow), { right: [4] });
    if (artifacts.length === 0) terminal.line(dim('No artifact fits.'));
    for (const { artifact_id, reason } of unreadable) terminal.line(red('unreadable '), artifact_id, ': ', reason);
    if (artifacts.length === limit) terminal.note(dim(`The newest ${limit}; more with --limit.`));
    return unreadable.length === 0 ? EXIT.done : EXIT.integrity;
  } finally {
    await store.close();
  }
};

function artifactRow(manifest: ArtifactManifest): Piece[] {
  const { artifact_id, content_hash, created_at, kind, size_bytes, filename_hint = '', created_by } = manifest;
  return [
    artifact_id.slice(0, 8),
    dim(shortHash(content_hash)),
    dim(created_at),
    kind,
    formatBytes(size_bytes),
    filename_hint,
    dim(created_by.engine_id ?? created_by.actor_id ?? ''),
  ];
}
