import type { ArtifactStore } from '@mex/artifacts';
import { type EngineResult, MexError } from '@mex/envelope';
import type { ReplayReason } from './replay.ts';

/** What became of the evidence of an operation that is not run again. */
export interface EvidenceCheck {
  /** Artifacts that were read and hashed. */
  readonly artifacts: number;
  /** What is gone, or not what it was. */
  readonly reason?: ReplayReason;
  readonly damaged: boolean;
}

/**
 * Reads everything that a D1 or D0 operation left, evidence and outputs. The world it depended on is another one by now, so
 * it is not asked again; what it left is what there is (CONTRACT §6).
 */
export async function checkEvidence(store: ArtifactStore, { outputs, evidence }: EngineResult): Promise<EvidenceCheck> {
  const all = [...evidence, ...outputs];
  if (evidence.length === 0)
    return { artifacts: 0, damaged: false, reason: { code: 'evidence_gone', message: 'It left no evidence.' } };
  for (const [artifacts, handle] of all.entries()) {
    try {
      for await (const _piece of store.open(handle)) continue;
    } catch (error) {
      if (!(error instanceof MexError)) throw error;
      const { code, message } = error;
      const isGone = code === 'ARTIFACT_NOT_FOUND';
      return { artifacts, damaged: !isGone, reason: { code: isGone ? 'evidence_gone' : code, message } };
    }
  }
  return { artifacts: all.length, damaged: false };
}
