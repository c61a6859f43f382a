import { EXIT, type ExitCode, exitOfResult } from '../exit-codes.ts';
import type { ScanOutcome } from './run-scan.ts';
import type { ReportedCheck } from './verdict.ts';

/** Refusals that say something of the project or its database, not of MEX: the scan ran, and it is no pass. */
const ANSWERS = /^(?:SBOM_NO|VULN_DATABASE_|VULN_NOTHING|LICENSE_NOTHING|SECRET_NOTHING)/;
/** What is told when several checks failed in several ways. */
const GRAVEST: readonly ExitCode[] = [EXIT.integrity, EXIT.ended, EXIT.failed, EXIT.denied, EXIT.usage];

/** What the process answers with (CONTRACT §16): 1 for a block and for a scan that did not see everything. */
export function exitOfScan({ verdict, checks }: Pick<ScanOutcome, 'verdict' | 'checks'>): ExitCode {
  if (verdict === 'pass') return EXIT.done;
  if (verdict === 'block') return EXIT.blocked;
  const exits = checks.filter(isFault).map(({ result }) => exitOfResult(result));
  return GRAVEST.find((exit) => exits.includes(exit)) ?? EXIT.blocked;
}

function isFault({ result, missing }: ReportedCheck): boolean {
  if (result.status === 'succeeded') return false;
  if (result.status === 'denied' && missing !== undefined) return false;
  return !result.errors.some(({ code }) => ANSWERS.test(code));
}
