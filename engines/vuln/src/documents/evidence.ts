import type { Snapshot } from '@mex/advisories/snapshot';
import type { ScanOutcome } from './scan-outcome.ts';

/**
 * The raw matches, before aliases are merged or anything is suppressed: which record holds for which component, by which
 * of its rules, and the digest of the record as it was imported. Enough to judge every finding again by hand.
 */
export function writeEvidence(outcome: ScanOutcome, snapshot: Snapshot): string {
  const { scan, sbomSha256, database, allowLists, timestamp } = outcome;
  const matches = scan.matches.map(({ component, package: found, version, entry, by }) => {
    const { id, sha256, modified } = snapshot.record(entry.record);
    const rule =
      by.kind === 'versions'
        ? { versions: [version] }
        : { events: by.events.map(({ kind, version: at }) => ({ [kind]: at })) };
    return {
      component: component.ref,
      ecosystem: found.ecosystem,
      package: found.name,
      version,
      record: id,
      modified,
      record_sha256: sha256,
      rule,
    };
  });
  const evidence = {
    schema_version: 'mex.vuln_matches@1.0',
    timestamp,
    inputs: { sbom: sbomSha256, database: database.sha256, allow_lists: allowLists.map(({ sha256 }) => sha256) },
    database: database.header,
    matches,
  };
  return `${JSON.stringify(evidence, null, 1)}\n`;
}
