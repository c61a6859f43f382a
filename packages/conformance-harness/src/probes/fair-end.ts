import type { OperationManifest } from '@mex/envelope';
import { codeOf, type Observation, outcomeOf, problemTexts } from '../lab/observation.ts';

/** Codes that name a fault of the engine: nothing that befalls it excuses them, and no declaration. */
const FAULTS: ReadonlySet<string> = new Set([
  'CALL_AFTER_END',
  'CALL_INVALID',
  'ENGINE_CRASHED',
  'ENGINE_FAILED',
  'ENGINE_LOAD_FAILED',
  'ENGINE_REPLY_INVALID',
  'EVIDENCE_MISSING',
  'INTERNAL',
  'OPERATION_UNKNOWN',
  'OUTPUT_MISSING',
  'OUTPUT_NOT_BYTES',
  'OUTPUT_REPEATED',
  'OUTPUT_UNDECLARED',
  'SANDBOX_PROTOCOL',
  'SUMMARY_INVALID',
]);

/**
 * What is wrong with how an operation ended that was refused something: it must say so, by a declared error, by the very
 * refusal, or by a Problem beside a result that is less than the whole (CONTRACT §1). `undefined`: nothing is wrong.
 * @param told codes of the refusals that the engine met
 */
export function unfairEnd(
  observed: Observation,
  baseline: Observation,
  operation: OperationManifest,
  told: ReadonlySet<string>,
): string | undefined {
  const { status } = observed.result;
  if (status === 'succeeded') {
    const known = new Set(problemTexts(baseline));
    if (problemTexts(observed).some((problem) => !known.has(problem))) return undefined;
    if (problemTexts(observed).length > problemTexts(baseline).length) return undefined;
    return 'it claims success and reports no Problem about what was refused';
  }
  // A gate that says no before anything runs; one that refuses a result refuses what the engine did.
  if (status === 'denied' && observed.sighting.starts === 0) return undefined;
  const code = codeOf(observed) ?? 'no code';
  if (told.has(code) || isDeclared(operation, code)) return undefined;
  return wrongCode(observed, code);
}

/** What is wrong with how an operation ended that met content or params it did not expect. `undefined`: nothing. */
export function undeclaredEnd(observed: Observation, operation: OperationManifest): string | undefined {
  const { status } = observed.result;
  const code = codeOf(observed) ?? 'no code';
  if (status === 'succeeded' || isDeclared(operation, code)) return undefined;
  const refusals = observed.sighting.calls.map((call) => call.code);
  if (refusals.includes(code) && !FAULTS.has(code)) return undefined;
  return wrongCode(observed, code);
}

/** An engine that declares the names of faults, or of budgets, has declared nothing. */
function isDeclared({ error_codes }: OperationManifest, code: string): boolean {
  return error_codes.includes(code) && !FAULTS.has(code) && !code.startsWith('BUDGET_EXCEEDED_');
}

function wrongCode(observed: Observation, code: string): string {
  const message = observed.result.errors[0]?.message ?? '';
  if (observed.result.status === 'timed_out') return 'it did not end by itself';
  const why = FAULTS.has(code) ? 'which is a fault of the engine' : 'which the operation does not declare as its own';
  return `it ended as ${outcomeOf(observed)}, ${why}${message === '' ? '' : ` (${message.slice(0, 300)})`}`;
}
