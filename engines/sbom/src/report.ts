import { clip } from './clip.ts';
import type { ReadFailure } from './inventory.ts';
import type { LockfileInventory, WarningCode } from './model.ts';

/** Small facts for a person; everything else is in the documents. Lockfiles beyond this many are only counted. */
const MAX_LISTED = 50;

export function summarize(
  inventories: readonly LockfileInventory[],
  failures: readonly ReadFailure[],
): Record<string, unknown> {
  const lockfiles = inventories.map((inventory) => {
    const packages = inventory.packages.filter((entry) => entry.source.kind !== 'workspace');
    return {
      path: clip(inventory.path, 300),
      format: inventory.format,
      packages: packages.length,
      dev: packages.filter((entry) => entry.dev).length,
      optional: packages.filter((entry) => entry.optional).length,
      warnings: inventory.warnings.length,
    };
  });
  return {
    lockfiles: lockfiles.slice(0, MAX_LISTED),
    lockfile_count: lockfiles.length,
    packages: lockfiles.reduce((sum, lockfile) => sum + lockfile.packages, 0),
    unreadable: failures.slice(0, MAX_LISTED).map(({ path, code }) => ({ path: clip(path, 300), code })),
    unreadable_count: failures.length,
  };
}

/** The SupplyChainReport of CONTRACT §13: what went wrong is a finding; the components are in the documents. */
export function writeReport(
  inventories: readonly LockfileInventory[],
  failures: readonly ReadFailure[],
  summary: Record<string, unknown>,
  { timestamp, version }: { readonly timestamp: string; readonly version: string },
): string {
  const broken = failures.map(({ code, path, line, column, message }) => ({
    id: identify(code, path),
    code,
    severity: 'error',
    title: clip(`${path} could not be read: ${message}`, 4_000),
    locations: [locate(path, line, column)],
  }));
  const warned = inventories.flatMap(({ path, warnings }) =>
    warnings.map(({ code, message, line }, index) => ({
      id: identify(code, index, path),
      code,
      severity: severityOf(code),
      title: clip(message, 4_000),
      locations: [locate(path, line)],
    })),
  );
  const report = {
    schema_version: 'mex.supply_chain_report@1.0',
    kind: 'SBOM',
    engine_version: version,
    timestamp,
    findings: [...broken, ...warned],
    summary,
  };
  return `${JSON.stringify(report, null, 2)}\n`;
}

/** After these something that the project uses is, or may be, in no document: it was not looked at (CONTRACT §14 E). */
const INCOMPLETE: ReadonlySet<WarningCode> = new Set([
  'SBOM_ENTRY_SKIPPED',
  'SBOM_CONFLICT_MARKERS',
  'SBOM_LOCKFILE_BEHIND',
  'SBOM_ADDRESS_DIFFERS',
  'SBOM_TOOL_DIFFERS',
]);

/** How grave something is that did not stop the reading of a lockfile. */
export function severityOf(code: WarningCode): 'error' | 'warning' {
  return INCOMPLETE.has(code) ? 'error' : 'warning';
}

/** Whether it is the lockfile itself that is wrong, whoever reads it. */
export function isOfLockfile(code: WarningCode): boolean {
  return INCOMPLETE.has(code) && code !== 'SBOM_ENTRY_SKIPPED' && code !== 'SBOM_TOOL_DIFFERS';
}

function locate(path: string, line?: number, column?: number) {
  const place = { path: clip(path, 4_096) };
  if (line === undefined) return place;
  return { ...place, range: { start: column === undefined ? { line } : { line, column } } };
}

/** An id without white space or control characters. What tells two apart comes before the path, which may be cut. */
function identify(...parts: readonly (string | number)[]): string {
  return clip(parts.join(':').replace(/[\s\p{Cc}]/gu, '_'), 256);
}
