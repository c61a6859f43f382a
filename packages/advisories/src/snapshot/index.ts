/** What needs nothing of Node.js: an engine's bundle takes this entry. */
export { type AnsweredSnapshot, openAnswers } from '../answers/answered-snapshot.ts';
export {
  type AnsweredPackage,
  OSV_ANSWERS_MIME,
  type OsvAnswers,
  readOsvAnswers,
  writeOsvAnswers,
} from '../answers/osv-answers.ts';
export { ECOSYSTEM_NAMES, type Ecosystem, type EcosystemName, findEcosystem } from '../ecosystems.ts';
export {
  type AffectedBy,
  type AffectedVersions,
  findAffected,
  lowestFix,
  type VersionEvent,
} from '../osv/affected.ts';
export type { AffectedPackage, InformationalKind, SeverityEntry } from '../osv/record.ts';
export type { EcosystemCoverage, RejectedRecord, SnapshotHeader, SnapshotRecord } from './format.ts';
export { openSnapshot, type Snapshot, type SnapshotEntry } from './reader.ts';
