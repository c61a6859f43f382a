export type { AdvisoriesErrorCode } from './errors.ts';
export {
  type ImportedAdvisories,
  type ImportOptions,
  importAdvisories,
} from './import/import-advisories.ts';
export type { EcosystemCoverage, RejectedRecord, SnapshotHeader, SnapshotRecord } from './snapshot/format.ts';
export { openSnapshot, type Snapshot, type SnapshotEntry } from './snapshot/reader.ts';
