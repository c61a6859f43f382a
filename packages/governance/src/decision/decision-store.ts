import type { AutoSignature, FlightEvent, GovernanceDecision } from '@mex/envelope';
import type { Answer, DecisionCase } from './decision-case.ts';

/** What an answer does to a case: it comes too late, leaves it open, or ends the asking. */
export type Judgement = 'refuse' | 'open' | 'close';

/** Where decisions are kept. Every writer puts its rows and its events on the disk together, or nothing. */
export interface DecisionStore {
  readonly insert: (subject: DecisionCase, events: readonly FlightEvent[]) => Promise<void>;
  /**
   * Records one person's answer, after asking `judge` about the answers that are there already, in the same
   * transaction. Nothing is written when it refuses, or when this person has given this answer before.
   */
  readonly answer: (
    decisionId: string,
    answer: Answer,
    event: FlightEvent,
    judge: (before: readonly Answer[]) => Judgement,
  ) => Promise<'recorded' | 'repeated' | 'refused'>;
  /**
   * Records a use. Several uses are kept apart by `usedBy`; with `single`, the first one is the only one. Nothing is
   * written when it is a repeat of a use, or one too many.
   */
  readonly use: (
    decisionId: string,
    usedBy: string,
    single: boolean,
    event: FlightEvent,
  ) => Promise<'recorded' | 'repeated' | 'used-up'>;
  readonly get: (decisionId: string) => DecisionCase | undefined;
  /** Who has used it, in order; of many, some of the last. */
  readonly uses: (decisionId: string) => string[];
  /** The governance events of a decision, in the order of the log; of many uses, some of the last. */
  readonly events: (decisionId: string) => FlightEvent[];
}

/** Where the documents of decisions are kept: by the digest of their canonical bytes. */
export interface DecisionDocuments {
  /** Answers with the digest. Keeping the same document twice is keeping it once. */
  readonly keep: (document: GovernanceDecision | AutoSignature) => Promise<string>;
  /** Verified against the digest; `undefined` when there is no such document. */
  readonly read: (sha256: string) => Promise<unknown>;
}
