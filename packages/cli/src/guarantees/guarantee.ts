/** One thing that was tried or looked at. */
export interface Evidence {
  /** What was to hold. */
  readonly checked: string;
  /** How that was found out. */
  readonly how: string;
  /** What was seen. */
  readonly result: string;
  readonly held: boolean;
}

/** `not_checked` counts as a failure (CONTRACT §14 E). `not_applicable`: there is nothing here that it could be about. */
export type GuaranteeState = 'holds' | 'fails' | 'not_checked' | 'not_applicable';

/** One guarantee of CONTRACT §14, as it was found. */
export interface Guarantee {
  readonly id: string;
  readonly title: string;
  /** What it was checked for: what is installed, or the directory this was started in. */
  readonly of: 'installation' | 'workspace';
  readonly state: GuaranteeState;
  readonly evidence: readonly Evidence[];
  /** Why it was not checked, or is about nothing here; or what the check leaves open. */
  readonly note?: string;
}

/** What a check answers: evidence; or that there is nothing to check, and why. */
export type Findings =
  | { readonly evidence: readonly Evidence[]; readonly note?: string }
  | { readonly notApplicable: string }
  | { readonly notChecked: string };

export interface Check extends Pick<Guarantee, 'id' | 'title' | 'of'> {
  readonly run: () => Promise<Findings> | Findings;
}

/** Runs one check. What throws, and what comes back without evidence, was not checked: no false passes (CONTRACT §14 E). */
export async function runCheck({ run, ...about }: Check): Promise<Guarantee> {
  try {
    return { ...about, ...conclude(await run()) };
  } catch (error) {
    const why = error instanceof Error ? error.message : 'for a reason nobody told';
    return { ...about, state: 'not_checked', evidence: [], note: `The check itself failed: ${why}` };
  }
}

function conclude(findings: Findings): Pick<Guarantee, 'state' | 'evidence' | 'note'> {
  if ('notApplicable' in findings) return { state: 'not_applicable', evidence: [], note: findings.notApplicable };
  if ('notChecked' in findings) return { state: 'not_checked', evidence: [], note: findings.notChecked };
  const { evidence, note } = findings;
  if (evidence.length === 0) return { state: 'not_checked', evidence, note: 'The check came to no result.' };
  const state = evidence.every(({ held }) => held) ? 'holds' : 'fails';
  return { state, evidence, ...(note === undefined ? {} : { note }) };
}

/** Whether a command may end well. */
export function allHold(guarantees: readonly Guarantee[]): boolean {
  return guarantees.every(({ state }) => state === 'holds' || state === 'not_applicable');
}
