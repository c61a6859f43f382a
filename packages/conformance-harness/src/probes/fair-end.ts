import type { OperationManifest } from '@mex/envelope';
import { codeOf, type Observation, outcomeOf, problemCodes } from '../lab/observation.ts';

/** Codes that name a fault of the engine: nothing that befalls it excuses them. */
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
    if (problemCodes(observed).length > problemCodes(baseline).length) return undefined;
    return 'it claims success and reports no Problem about what was refused';
  }
  const code = codeOf(observed) ?? 'no code';
  if (status === 'denied' || told.has(code) || operation.error_codes.includes(code)) return undefined;
  return wrongCode(observed, code);
}

/** What is wrong with how an operation ended that met content or params it did not expect. `undefined`: nothing. */
export function undeclaredEnd(observed: Observation, operation: OperationManifest): string | undefined {
  const { status } = observed.result;
  const code = codeOf(observed) ?? 'no code';
  if (status === 'succeeded' || operation.error_codes.includes(code)) return undefined;
  const refusals = observed.sighting.calls.map((call) => call.code);
  if (refusals.includes(code) && !FAULTS.has(code)) return undefined;
  return wrongCode(observed, code);
}

function wrongCode(observed: Observation, code: string): string {
  const message = observed.result.errors[0]?.message ?? '';
  if (observed.result.status === 'timed_out') return 'it did not end by itself';
  const why = FAULTS.has(code) ? 'which is a fault of the engine' : 'which the operation does not declare';
  return `it ended as ${outcomeOf(observed)}, ${why}${message === '' ? '' : ` (${message.slice(0, 300)})`}`;
}
