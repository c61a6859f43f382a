import type { Reading } from '../context/assigned-value.ts';
import type { Span } from '../finding.ts';

/** What detectors know besides the text. */
export interface ScanContext {
  /** The file is program text, where a bare word is a variable. */
  readonly inCode: boolean;
  /** What reading this one text has cost so far; keeps hostile text linear. */
  readonly reading: Reading;
}

/** Looks at one place of a text. Reads a bounded stretch around it and never searches. */
export interface Detector {
  /** Words that lead here, at least three ASCII characters each. */
  readonly keywords: readonly string[];
  /** Keywords match only in the case they are written in. */
  readonly exact: boolean;
  /** `start` and `end` enclose the keyword. */
  inspect(text: string, start: number, end: number, context: ScanContext): Span | readonly Span[] | undefined;
}
