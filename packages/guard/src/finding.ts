/** How sure a finding is: `high` a documented token format or key block, `medium` a name with a random value, `low` a weak password or a bare guess. */
export type Confidence = 'high' | 'medium' | 'low';

/** Where a secret stands in a text. It never holds the value itself, so it may be recorded, logged and exported. */
export interface SecretFinding {
  /** Id of the rule that matched, stable across versions. */
  readonly rule: string;
  /** First UTF-16 code unit of the value. */
  readonly start: number;
  /** One past the last UTF-16 code unit of the value. */
  readonly end: number;
  /** Line of `start`, from 1. Lines end with LF. */
  readonly line: number;
  /** Column of `start` in UTF-16 code units, from 1. */
  readonly column: number;
  readonly confidence: Confidence;
  /** What {@link FindOptions.fingerprint} made of the value; absent without that option. */
  readonly fingerprint?: string;
}

/** Options of {@link findSecrets}. */
export interface FindOptions {
  /** Path of the file the text comes from. It only sharpens judgement (source code or configuration); nothing is read. */
  readonly path?: string;
  /** Leave out findings below this. Default `low`: everything. */
  readonly minConfidence?: Confidence;
  /**
   * Makes a comparable mark of a value, for allow lists. Short passwords can be guessed from a plain hash:
   * give a keyed hash.
   */
  readonly fingerprint?: (value: string) => string;
}

/** A place before lines and columns are counted. */
export interface Span {
  readonly rule: string;
  readonly start: number;
  readonly end: number;
  readonly confidence: Confidence;
}

/** Order of confidence, for comparing. */
export const CONFIDENCE_RANK: Readonly<Record<Confidence, number>> = { low: 0, medium: 1, high: 2 };
