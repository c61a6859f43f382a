import { openSnapshot, type SnapshotHeader } from '@mex/advisories/snapshot';
import type { ArtifactStore } from '@mex/artifacts';
import type { ArtifactHandle, ArtifactManifest } from '@mex/envelope';
import { dim, type Piece } from '../output/style.ts';
import type { Terminal } from '../output/terminal.ts';
import { formatBytes } from '../output/units.ts';

/** A snapshot as a person is shown it. */
export interface SnapshotFacts {
  readonly handle: Pick<ArtifactHandle, 'artifact_id' | 'sha256' | 'size_bytes'>;
  readonly header: SnapshotHeader;
  readonly importedAt: string;
}

/** Reads a stored snapshot; `undefined` when this version does not read its format. */
export async function readDatabase(
  store: ArtifactStore,
  manifest: ArtifactManifest,
): Promise<SnapshotFacts | undefined> {
  const { artifact_id, content_hash: sha256, size_bytes, created_at } = manifest;
  const bytes = await store.get(sha256);
  try {
    return { handle: { artifact_id, sha256, size_bytes }, header: openSnapshot(bytes).header, importedAt: created_at };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ADVISORIES_SNAPSHOT_INVALID') return undefined;
    throw error;
  }
}

interface EcosystemFacts {
  readonly name: string;
  readonly records: number;
  readonly packages: number;
  readonly newest: string | null;
}

/** The ecosystems a snapshot was made for; that it mentions some packages of others says nothing about those. */
export function ecosystemsOf({ ecosystems }: SnapshotHeader): EcosystemFacts[] {
  return Object.entries(ecosystems)
    .filter(([, { own }]) => own > 0)
    .map(([name, { records, packages, newest }]) => ({ name, records, packages, newest }));
}

const DAY_MS = 86_400_000;

function daysSince(time: string | null, now: number): number | null {
  const days = time === null ? Number.NaN : Math.floor((now - Date.parse(time)) / DAY_MS);
  return Number.isNaN(days) ? null : Math.max(0, days);
}

/** The document of `mex db show`. */
export function databaseDocument({ handle, header, importedAt }: SnapshotFacts, now: number) {
  return {
    artifact_id: handle.artifact_id,
    sha256: handle.sha256,
    size_bytes: handle.size_bytes,
    imported_at: importedAt,
    records: header.records,
    packages: header.packages,
    newest: header.newest,
    age_days: daysSince(header.newest, now),
    ecosystems: ecosystemsOf(header).map((one) => ({ ...one, age_days: daysSince(one.newest, now) })),
  };
}

export function printDatabase(terminal: Terminal, { handle, header, importedAt }: SnapshotFacts, now: number): void {
  terminal.line(dim('  sha256    '), handle.sha256, dim(`  ${formatBytes(handle.size_bytes)}`));
  terminal.line(dim('  imported  '), importedAt);
  const head = ['ecosystem', 'advisories', 'packages', 'newest', 'days old'].map(dim);
  const rows = ecosystemsOf(header).map(({ name, records, packages, newest }): Piece[] => [
    name,
    String(records),
    String(packages),
    newest ?? 'unknown',
    String(daysSince(newest, now) ?? '?'),
  ]);
  terminal.table([head, ...rows], { indent: 2, right: [1, 2, 4] });
}
