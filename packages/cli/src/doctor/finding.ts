/** `bad`: something an operator must mend. `warning`: something will be refused, or is weaker than it could be. */
export type FindingState = 'good' | 'bad' | 'warning' | 'note';

/** One thing that was looked at. */
export interface Finding {
  /** What, in a word or two: the name of a member of the policy where there is one. */
  readonly what: string;
  readonly state: FindingState;
  readonly text: string;
  /** What to do, where something is to be done. */
  readonly remedy?: string;
}

export const good = (what: string, text: string): Finding => ({ what, state: 'good', text });
export const note = (what: string, text: string): Finding => ({ what, state: 'note', text });
export const warning = (what: string, text: string, remedy: string): Finding => ({
  what,
  state: 'warning',
  text,
  remedy,
});
export const bad = (what: string, text: string, remedy: string): Finding => ({ what, state: 'bad', text, remedy });

/** The words of something that was thrown. */
export function wordsOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : 'unknown cause';
}
