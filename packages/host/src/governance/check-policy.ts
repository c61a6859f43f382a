import { lstatSync } from 'node:fs';
import { MexError } from '@mex/envelope';
import { redact, stripControl } from '@mex/guard';
import { DEFAULT_POLICY, readPolicyText, wrapPolicy } from '../policy.ts';
import { findJsonPlace, type TextPlace } from './json-place.ts';
import { findPolicyDangers } from './policy-dangers.ts';

/** One thing about a policy. `error`: it cannot be used. `warning`: it can, and it is dangerous. */
export interface PolicyRemark extends Partial<TextPlace> {
  readonly severity: 'error' | 'warning';
  /** The setting as members joined by dots; empty for the whole. */
  readonly setting: string;
  readonly message: string;
  readonly remedy?: string;
}

export interface PolicyCheck {
  /** The file, or `built-in` when there is none. */
  readonly source: string;
  readonly valid: boolean;
  /** As records have it; absent when the policy cannot be used. */
  readonly sha256?: string;
  readonly remarks: readonly PolicyRemark[];
}

/**
 * Reads a policy file as a host would, and says what is wrong or dangerous in it, and where. Never throws for what is in
 * the file.
 * @param required whether a missing file is an error; otherwise the built-in policy is looked at
 */
export async function checkPolicyFile(file: string, required = false): Promise<PolicyCheck> {
  if (!required && lstatSync(file, { throwIfNoEntry: false }) === undefined) {
    const { sha256 } = wrapPolicy(DEFAULT_POLICY, 'built-in');
    return { source: 'built-in', valid: true, sha256, remarks: dangers(DEFAULT_POLICY, undefined) };
  }
  try {
    return { ...(await checkPolicyText(readPolicyText(file))), source: file };
  } catch (error) {
    if (!(error instanceof MexError)) throw error;
    return { source: file, valid: false, remarks: [{ severity: 'error', setting: '', message: error.message }] };
  }
}

async function checkPolicyText(text: string): Promise<Omit<PolicyCheck, 'source'>> {
  // zod is needed only where a person's file is read.
  const { parsePolicy } = await import('../policy-file.ts');
  const parsed = parsePolicy(text);
  if ('policy' in parsed) {
    const { sha256 } = wrapPolicy(parsed.policy, '');
    return { valid: true, sha256, remarks: dangers(parsed.policy, text) };
  }
  const remarks = parsed.issues.map(({ path, message }): PolicyRemark => {
    const place = path === undefined ? {} : findJsonPlace(text, path);
    // A wrong value is quoted in its message, and it may be a secret in the wrong place.
    return { severity: 'error', setting: nameOf(path ?? []), message: redact(stripControl(message)), ...place };
  });
  return { valid: false, remarks };
}

function dangers(policy: Parameters<typeof findPolicyDangers>[0], text: string | undefined): PolicyRemark[] {
  return findPolicyDangers(policy).map(({ path, message, remedy }) => ({
    severity: 'warning',
    setting: nameOf(path),
    message,
    remedy,
    ...(text === undefined ? {} : findJsonPlace(text, path)),
  }));
}

function nameOf(path: readonly PropertyKey[]): string {
  return path.map(String).join('.');
}
