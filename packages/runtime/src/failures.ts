import { BUDGET_FIELDS, type ResultError, type ResultStatus } from '@mex/envelope';
import { budgetExceededCode } from '@mex/gates';
import { remedyFor } from './breach-remedies.ts';
import type { Refusal } from './broker/broker.ts';
import type { Meter } from './budgets.ts';
import type { Grant } from './grant.ts';
import type { RunVerdict } from './quota.ts';
import type { EngineReply } from './sandbox/protocol.ts';
import type { KillReason } from './sandbox/tier.ts';

/** An error of MEX's own making. */
export function failure(code: string, kind: ResultError['kind'], message: string, remedy?: string): ResultError {
  return { code, kind, message, retryable: false, ...(remedy === undefined ? {} : { remedy }) };
}

/** Codes of the broker and the engine side that may end an operation although its manifest does not declare them. */
const OWN_CODES = new Set([
  'ENGINE_FAILED',
  'CAPABILITY_USED_WITHOUT_GRANT',
  'OUTPUT_UNDECLARED',
  'OUTPUT_REPEATED',
  'OUTPUT_NOT_BYTES',
  'SUMMARY_INVALID',
  'INPUT_UNRESOLVABLE',
  'POLICY_PATH_ESCAPE',
  'CALL_INVALID',
  'CALL_LIMIT',
  'CALL_AFTER_END',
  'OPERATION_UNKNOWN',
]);

/** Families of codes that the broker gives engines, and what they are. */
const OWN_KINDS: readonly (readonly [prefix: string, kind: ResultError['kind']])[] = [
  ['ARTIFACT_', 'integrity'],
  ['CAPABILITY_', 'capability'],
  ['DEVICE_', 'capability'],
  ['NETWORK_FAILED', 'tool'],
  ['NETWORK_REQUEST_INVALID', 'validation'],
  ['NETWORK_RESPONSE_TOO_LARGE', 'budget'],
  ['NETWORK_TIMEOUT', 'tool'],
  ['NETWORK_', 'capability'],
  ['SANDBOX_TIER_', 'sandbox'],
  ['SCOPE_UNKNOWN', 'capability'],
  ['SCOPE_', 'tool'],
  ['SECRET_', 'capability'],
  ['SECURITY_UNTRUSTED_', 'policy'],
  ['TOOL_', 'tool'],
];
/** Another attempt may go better. */
const PASSING = new Set(['NETWORK_FAILED', 'NETWORK_TIMEOUT']);

/** What an engine ended with. Codes of MEX count only where MEX itself said them. */
export function engineError(grant: Grant, reply: EngineReply, refusals: readonly Refusal[]): ResultError {
  const thrown = reply.error ?? {
    code: 'ENGINE_FAILED',
    message: 'The engine failed without saying why.',
    retryable: false,
    from_broker: false,
  };
  const declared = grant.operation.error_codes.includes(thrown.code);
  if (declared) return { ...failure(thrown.code, 'tool', thrown.message), retryable: thrown.retryable };
  // Codes of MEX count only when MEX itself refused something; an engine that merely says them failed.
  if (!thrown.from_broker) return engineFault(thrown.message);
  if (thrown.code === 'CAPABILITY_USED_WITHOUT_GRANT') {
    return failure(
      thrown.code,
      'capability',
      thrown.message,
      'Add the capability to capabilities_requested, or treat the engine as hostile.',
    );
  }
  const kind = OWN_KINDS.find(([prefix]) => thrown.code.startsWith(prefix))?.[1];
  // The last refusal of this kind is the one it ended with.
  const refused = refusals.findLast(({ code }) => code === thrown.code)?.capabilityId;
  const remedy = remedyFor(thrown.code, refused);
  if (kind !== undefined) {
    return { ...failure(thrown.code, kind, thrown.message, remedy), retryable: PASSING.has(thrown.code) };
  }
  if (OWN_CODES.has(thrown.code)) return failure(thrown.code, 'tool', thrown.message, remedy);
  return engineFault(thrown.message);
}

function engineFault(message: string): ResultError {
  return failure('ENGINE_FAILED', 'tool', message, 'This is a fault of the engine: report it to its author.');
}

/** A planner who gives too little budget, or gives up, says nothing about the engine. */
export function killVerdict(code: string, grant: Grant): RunVerdict {
  if (
    code === 'OPERATION_CANCELLED' ||
    code === 'SANDBOX_BUSY' ||
    code === 'SANDBOX_START_FAILED' ||
    code === 'INTERNAL'
  )
    return 'neutral';
  const field = BUDGET_FIELDS.find((name) => budgetExceededCode(name) === code);
  if (field === undefined) return 'fault';
  return grant.budget[field] < grant.manifest.default_budget[field] ? 'neutral' : 'fault';
}

/** The machine had no room for a sandbox at this moment: no fault of MEX, nor of the engine. */
export function notStarted(detail: string): ResultError {
  const code = 'SANDBOX_START_FAILED';
  return { ...failure(code, 'sandbox', detail, remedyFor(code)), retryable: true };
}

/** Why an engine was ended from outside. @param stoppedIn the call that ended it */
export function killed(
  reason: KillReason,
  detail: string,
  meter: Meter,
  grant: Grant,
  stoppedIn: string | undefined,
): { status: ResultStatus; error: ResultError } {
  const over = (field: 'wall_time_ms' | 'cpu_time_ms' | 'memory_bytes') => {
    // Ended at its limit: the figure says so even where the last sample was taken just before.
    meter.usage[field] = Math.max(meter.usage[field], grant.budget[field]);
    const message = `${field}: the budget of ${grant.budget[field]} is used up; the engine was ended.`;
    return failure(
      budgetExceededCode(field),
      'budget',
      message,
      `Raise budget.${field}, or give the engine less to do.`,
    );
  };
  if (reason === 'wall_time') return { status: 'timed_out', error: over('wall_time_ms') };
  if (reason === 'cpu_time') return { status: 'failed', error: over('cpu_time_ms') };
  if (reason === 'memory') return { status: 'failed', error: over('memory_bytes') };
  if (reason === 'cancelled') return { status: 'cancelled', error: failure('OPERATION_CANCELLED', 'canceled', detail) };
  if (reason === 'busy') {
    const remedy = 'Ask again later with a new op_id, or give it a longer wall time.';
    return { status: 'failed', error: { ...failure('SANDBOX_BUSY', 'sandbox', detail, remedy), retryable: true } };
  }
  if (reason === 'host_failed') {
    return {
      status: 'failed',
      error: failure('INTERNAL', 'internal', detail, 'Look at the log on stderr.'),
    };
  }
  if (reason === 'broker') return stoppedByCall(detail, meter, grant, stoppedIn);
  if (reason === 'load_failed') {
    return {
      status: 'failed',
      error: failure(
        'ENGINE_LOAD_FAILED',
        'sandbox',
        'The engine could not be loaded in its sandbox.',
        'Build it again and run its tests.',
      ),
    };
  }
  return {
    status: 'failed',
    error: failure(
      'ENGINE_CRASHED',
      'sandbox',
      'The engine ended its sandbox.',
      'Look at its log; report it to its author.',
    ),
  };
}

/** A call that ended the operation: a budget that it used up, or a frame that no engine of good will sends. */
function stoppedByCall(
  detail: string,
  meter: Meter,
  grant: Grant,
  stoppedIn: string | undefined,
): { status: ResultStatus; error: ResultError } {
  const [code = 'SANDBOX_PROTOCOL', ...rest] = detail.split(': ');
  const why = rest.join(': ') || detail;
  const message = stoppedIn === undefined ? `${why}.` : `${why}, in the call ${stoppedIn}.`;
  const field = BUDGET_FIELDS.find((name) => budgetExceededCode(name) === code);
  if (field === undefined) return { status: 'failed', error: failure(code, 'sandbox', message, remedyFor(code)) };
  // Ended at its limit, perhaps before all of it was counted.
  meter.usage[field] = Math.max(meter.usage[field], grant.budget[field]);
  const remedy = `Raise budget.${field}, or give the engine less to do.`;
  return {
    status: field === 'wall_time_ms' ? 'timed_out' : 'failed',
    error: failure(code, 'budget', message, remedy),
  };
}
