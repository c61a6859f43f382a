export { type Checkpoint, parseCheckpoint, type TreeHead, verifyCheckpoint } from './checkpoint/checkpoint.ts';
export {
  createFileSigner,
  openFileSigner,
  type Signer,
  type SignerPurpose,
  verifierKeyOf,
} from './checkpoint/signer.ts';
export { parseVerifierKey, type VerifierKey } from './checkpoint/verifier-key.ts';
export type { RecorderErrorCode } from './errors.ts';
export { type ExportHeader, exportLog } from './export/export-log.ts';
export { type VerifyExportOptions, verifyExport } from './export/verify-export.ts';
export { newEventId } from './log/event-id.ts';
export type { EventRedactor } from './log/event-redactor.ts';
export type { FollowOptions } from './log/follow.ts';
export { openRecorder, type RecorderOptions } from './log/open-recorder.ts';
export type { EventFilter, RecordedEvent } from './log/reader.ts';
export type { FlightRecorder } from './log/recorder.ts';
export type { PruneResult } from './log/retention.ts';
export type { Companion } from './log/writer.ts';
export type { ConsistencyClaim, InclusionClaim } from './merkle/check.ts';
export type { ProblemBase, ProblemDraft } from './problems/draft.ts';
export type { ProblemFilter, ProblemStore } from './problems/problem-store.ts';
export type { VerifyProblem, VerifyProblemCode, VerifyReport, VerifyTrust } from './verify/report.ts';
export { type VerifyOptions, verifyLog } from './verify/verify-log.ts';
