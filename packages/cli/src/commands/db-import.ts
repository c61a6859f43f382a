import { randomUUID } from 'node:crypto';
import type { ArtifactHandle } from '@mex/envelope';
import { sha256Hex } from '@mex/envelope/digest';
import { newEventId } from '@mex/flight-recorder';
import type { Host } from '@mex/host';
import { argumentText, type CommandRun } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { closeHost, openWiredHost } from '../home.ts';
import { hint } from '../output/hint.ts';
import { bold, dim, yellow } from '../output/style.ts';
import type { Terminal } from '../output/terminal.ts';
import { plural } from '../output/units.ts';
import { newestImport, storeSnapshot } from '../scan/advisory-database.ts';
import {
  databaseDocument,
  ecosystemsOf,
  printDatabase,
  readDatabase,
  type SnapshotFacts,
} from '../scan/database-view.ts';
import { shown } from '../scan/shown-text.ts';
import { VERSION } from '../version.ts';

const MAX_REJECTED = 10;

/** `mex db import <source>` */
export const importDatabase: CommandRun = async (invocation, terminal) => {
  const source = argumentText(invocation, 'source');
  const startedAt = new Date().toISOString();
  terminal.progress(`reading ${source}`);
  const { importAdvisories } = await import('@mex/advisories');
  const { snapshot, header, rejected } = await importAdvisories([source], {
    now: startedAt,
    onProgress: (records) => terminal.progress(`reading ${source}: ${records} records`),
  });
  const host = await openWiredHost(invocation);
  try {
    const before = await newestImport(host.artifacts);
    const lost = before === undefined ? [] : lostEcosystems(await readDatabase(host.artifacts, before), header);
    const handle = await storeSnapshot(host, snapshot);
    await recordImport(host, handle, source, startedAt);
    const facts = { handle, header, importedAt: startedAt };
    terminal.document({
      ...databaseDocument(facts, Date.now()),
      rejected: { count: header.rejected.count, first: rejected.slice(0, MAX_REJECTED) },
      no_longer_covered: lost,
    });
    terminal.line(bold('Imported '), plural(header.records, 'advisory', 'advisories'), '.');
    printDatabase(terminal, facts, Date.now());
    printRejected(terminal, header.rejected.count, rejected);
    if (lost.length > 0) {
      terminal.line(yellow('warning: '), `The database before also covered ${lost.join(', ')}; this one does not.`);
      terminal.line('  → Put the dumps of all ecosystems you use into one directory, and import that.');
    }
    terminal.line(dim('Next: '), hint(invocation, 'mex scan .'));
    return EXIT.done;
  } finally {
    await closeHost(host);
  }
};

function lostEcosystems(before: SnapshotFacts | undefined, after: SnapshotFacts['header']): string[] {
  if (before === undefined) return [];
  const covered = new Set(ecosystemsOf(after).map(({ name }) => name));
  return ecosystemsOf(before.header).flatMap(({ name }) => (covered.has(name) ? [] : [name]));
}

function printRejected(
  terminal: Terminal,
  count: number,
  rejected: readonly { readonly source: string; readonly reason: string }[],
): void {
  if (count === 0) return;
  terminal.line(yellow('warning: '), `${plural(count, 'record')} could not be read, in whole or in part:`);
  for (const { source, reason } of rejected.slice(0, MAX_REJECTED))
    terminal.line('  ', shown(source), ': ', shown(reason));
  if (count > MAX_REJECTED) terminal.line(dim(`  and ${count - MAX_REJECTED} more`));
}

/** FR-EVT-007: the path of the source is a person's business and goes in as a hash (CONTRACT §11). */
async function recordImport(host: Host, handle: ArtifactHandle, source: string, startedAt: string): Promise<void> {
  const now = Date.now();
  const { kind, id } = host.caller;
  await host.recorder.append([
    {
      event_id: newEventId(now),
      type: 'tool_call',
      timestamp: new Date(now).toISOString(),
      actor: { kind, id },
      tool_call_id: randomUUID(),
      tool_id: 'mex.db_import',
      tool_version: VERSION,
      transport: 'local',
      side_effect: 'write',
      idempotency: 'idempotent',
      ok: true,
      args_hash: sha256Hex(source),
      result_hash: handle.sha256,
      result_ref: handle.artifact_id,
      error: null,
      timing: { started_at: startedAt, duration_ms: Math.max(0, now - Date.parse(startedAt)) },
      resources_touched: [handle.artifact_id],
      capability_ids: [],
    },
  ]);
}
