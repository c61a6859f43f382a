import { randomUUID } from 'node:crypto';
import type { ArtifactStore } from '@mex/artifacts';
import {
  type ArtifactHandle,
  BUDGET_FIELDS,
  canonicalJson,
  clipText,
  type EngineResult,
  parseStrictJson,
  type ResultError,
  type ResultStatus,
  utf8Length,
} from '@mex/envelope';
import { sha256Hex } from '@mex/envelope/digest';
import { MASK, type Redactor } from '@mex/guard';
import { budgetExceededCode, type PostFacts, type SecretLeak } from '@mex/gates';
import { MASK, type Redactor } from '@mex/guard';
import type { Outside, ToolRecords } from './broker/axes.ts';
import { Broker } from './broker/broker.ts';
import { engineReply } from './broker/call.ts';
import type { StagedOutput } from './broker/fs-write.ts';
import { Meter } from './budgets.ts';
import { remedyFor } from './breach-remedies.ts';
import { cleanReply } from './clean-reply.ts';
import type { Grant } from './grant.ts';
import { type LeakSearch, searchFor } from './leaks.ts';
import type { Planned } from './planned.ts';
import type { RunVerdict } from './quota.ts';
import { type EngineReply, type JobRequest, PROTOCOL_LIMITS, type ReportedProblem } from './sandbox/protocol.ts';
import type { EngineCode, JobOutcome, KillReason, SandboxTier } from './sandbox/tier.ts';
import { warnOfFault } from './warn-of-fault.ts';
import type { Workspace } from './workspace.ts';

/** Time as D2 and D3 operations see it: the same for everyone, so that equal inputs give equal bytes (CONTRACT §6). */
export const FROZEN_TIME_MS = Date.UTC(2000, 0, 1);

/** Reason of the signal that ends an operation whose consent was revoked. */
export const CONSENT_REVOKED = Symbol('consent revoked');

/** Longest argument an event holds. */
const MAX_ARG_CHARS = 4_096;

/** How an engine's run went, before the post-gates have seen it. */
export interface EngineRun {
  readonly broker: Broker;
  readonly meter: Meter;
  readonly outcome: JobOutcome;
  readonly reply: EngineReply | undefined;
  readonly status: ResultStatus;
  readonly error: ResultError | undefined;
  /** Secrets that were handed out and came back. */
  readonly leaks: readonly SecretLeak[];
  /** What the run says of the engine, for its circuit breaker. */
  readonly verdict: RunVerdict;
}

export interface RunInput {
  readonly planned: Planned;
  readonly grant: Grant;
  readonly code: EngineCode;
  readonly inputs: readonly ArtifactHandle[];
  readonly tier: SandboxTier;
  readonly store: ArtifactStore;
  readonly workspace: Workspace;
  readonly session: number;
  readonly now: number;
  readonly signal: AbortSignal | undefined;
  readonly outside: Outside;
  readonly isConsentLive: (consentId: string) => boolean;
  readonly onCommand: ToolRecords['onCommand'];
  /** Stores what an external program wrote. */
  readonly storeToolOutput: ToolRecords['keep'];
}

/** Starts the tier with one message and serves its calls until it ends. Never rejects for what an engine does. */
export async function runEngine(run: RunInput): Promise<EngineRun> {
  const { grant, code, tier, session } = run;
  const meter = new Meter(grant.budget);
  const broker = createBroker(run, meter);
  const outcome = await tier.run({
    opId: grant.opId,
    session,
    code,
    request: jobRequest(run),
    limits: grant.budget,
    onCall: broker.serve,
    signal: run.signal,
  });
  await broker.settle();
  if (outcome.kind === 'killed' && outcome.reason === 'host_failed') warnOfFault(grant.opId, outcome.cause);
  const { toolUsage, secrets } = broker.axes;
  meter.measure('wall_time_ms', outcome.usage.wallMs);
  meter.measure('cpu_time_ms', outcome.usage.cpuMs + toolUsage.cpuMs);
  meter.measure('memory_bytes', Math.max(outcome.usage.memoryBytes, toolUsage.memoryBytes));
  const search = searchFor(secrets.handed);
  const leaks = search === undefined ? [] : await findLeaks(search, outcome, broker);
  return { broker, meter, outcome, leaks, ...judge(run, outcome, meter, leaks, search) };
}

function createBroker(run: RunInput, meter: Meter): Broker {
  const search = () => searchFor(broker.axes.secrets.handed);
  const broker: Broker = new Broker({
    ...run,
    meter,
    toolRecords: {
      // An engine may hand a program what it may read; the log still shows none of it.
      onCommand: (body) => {
        const redactor = search()?.redactor;
        const args = redactor === undefined ? body.args : body.args.map((arg) => redactor.redact(arg));
        return run.onCommand({ ...body, args: args.map((arg) => clipText(arg, MAX_ARG_CHARS)) });
      },
      keep: (stream, bytes) => {
        const redactor = searchFor(broker.axes.secrets.handed)?.redactor;
        return run.storeToolOutput(stream, redactor?.holdsKnownValue(bytes) === true ? masked(bytes, redactor) : bytes);
      },
    },
  });
  return broker;
}

/** What a program wrote, without the secrets it was given. What cannot be masked as text is not kept. */
function masked(bytes: Uint8Array, redactor: Redactor): Uint8Array {
  const text = redactor.redact(Buffer.from(bytes).toString('utf8'));
  return Buffer.from(redactor.holdsKnownValue(text) ? MASK : text);
}

async function findLeaks(search: LeakSearch, outcome: JobOutcome, broker: Broker): Promise<SecretLeak[]> {
  if (outcome.kind !== 'replied') return [];
  return [...search.inReply(outcome.text), ...(await search.inOutputs(broker.writer.staged.values()))];
}

type Judgement = Pick<EngineRun, 'reply' | 'status' | 'error' | 'verdict'>;

/** What the outcome means for the operation. A reply is parsed as hostile here. */
function judge(
  { planned, grant, signal }: RunInput,
  outcome: JobOutcome,
  meter: Meter,
  leaks: readonly SecretLeak[],
  search: LeakSearch | undefined,
): Judgement {
  if (outcome.kind === 'killed' && outcome.reason === 'cancelled' && signal?.reason === CONSENT_REVOKED) {
    const message = 'A consent that the operation rests on was revoked; the engine was ended.';
    const error = failure('CAPABILITY_CONSENT_REVOKED', 'capability', message, 'Ask the operator for a new consent.');
    return { reply: undefined, status: 'failed', error, verdict: 'neutral' };
  }
  if (outcome.kind === 'killed') {
    const { status, error } = killed(outcome.reason, outcome.detail, meter, grant, broker.stoppedIn);
    return { reply: undefined, status, error, verdict: killVerdict(error.code, grant) };
  }
  const reply = readReply(outcome.text, search?.redactor);
  if (reply === undefined) {
    const message = `${planned.operation.engine_id} answered with something that is no reply.`;
    return { reply, status: 'failed', error: failure('ENGINE_REPLY_INVALID', 'sandbox', message), verdict: 'fault' };
  }
  if (reply.ok) return { reply, status: 'succeeded', error: undefined, verdict: 'ok' };
  const [leak] = leaks;
  if (leak !== undefined) {
    const message = `The engine failed, and put the secret "${leak.secretId}" into ${leak.where} (${leak.form}). It was masked.`;
    const remedy = 'Take the secret away from the engine (mex grants revoke), replace it, and treat the engine as hostile.';
    const error = failure('SECURITY_SECRET_LEAKED', 'policy', message, remedy);
    return { reply, status: 'failed', error, verdict: 'fault' };
  }
  const error = engineError(grant, reply);
  return { reply, status: 'failed', error, verdict: error.code === 'ENGINE_FAILED' ? 'fault' : 'neutral' };
}

function jobRequest({ planned, grant, inputs, session, now }: RunInput): string {
  const { operation } = planned;
  const frozen = operation.determinism === 'D3' || operation.determinism === 'D2';
  const request: JobRequest = {
    session,
    op_id: operation.op_id,
    operation: operation.operation,
    determinism: operation.determinism,
    now_ms: frozen ? FROZEN_TIME_MS : now,
    seed: frozen ? seedOf(planned, grant, inputs) : sha256Hex(randomUUID()),
    params: operation.params,
    inputs: inputs.map((input) => ({
      ...(input.name === undefined ? {} : { name: input.name }),
      sha256: input.sha256,
      size: input.size_bytes,
      mime: input.mime,
      kind: input.kind,
    })),
  };
  return JSON.stringify(request);
}

/** Everything a D3 result may depend on, and nothing else: not the op_id, not the time. */
function seedOf(planned: Planned, grant: Grant, inputs: readonly ArtifactHandle[]): string {
  const { operation, params } = planned.operation;
  return sha256Hex(
    canonicalJson([grant.manifest.bundle.sha256, operation, params, inputs.map((input) => input.sha256)]),
  );
}

function readReply(text: string, mask: Redactor | undefined): EngineReply | undefined {
  try {
    const value = parseStrictJson(text, { maxBytes: PROTOCOL_LIMITS.maxReplyChars * 3 });
    return engineReply.check(value) ? withhold(cleanReply(value, mask), mask) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Each word was masked by itself. A value that is spread over several, or stands where no mask fits, is still there
 * when they are put together; then none of them is kept.
 */
function withhold(reply: EngineReply, mask: Redactor | undefined): EngineReply {
  const { log, problems, error } = reply;
  const words = [...log, ...problems.flatMap(wordsOf), error?.code ?? '', error?.message ?? ''];
  if (mask?.holdsKnownValue(words.join('\n')) !== true) return reply;
  const what = 'withheld: it held a secret that was handed out';
  const kept = { ...reply, log: log.length === 0 ? [] : [`(${what})`], problems: [] };
  return error === undefined ? kept : { ...kept, error: { ...error, code: 'ENGINE_FAILED', message: `(${what})` } };
}

function wordsOf({ code, title, message, locations = [] }: ReportedProblem): string[] {
  return [code, title, message, ...locations.map(({ path }) => path)];
}

function failure(code: string, kind: ResultError['kind'], message: string, remedy?: string): ResultError {
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

function engineError(grant: Grant, reply: EngineReply): ResultError {
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
  const remedy = remedyFor(thrown.code);
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
function killVerdict(code: string, grant: Grant): RunVerdict {
  if (code === 'OPERATION_CANCELLED' || code === 'INTERNAL') return 'neutral';
  const field = BUDGET_FIELDS.find((name) => budgetExceededCode(name) === code);
  if (field === undefined) return 'fault';
  return grant.budget[field] < grant.manifest.default_budget[field] ? 'neutral' : 'fault';
}

function killed(
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
  if (reason === 'host_failed') {
    return {
      status: 'failed',
      error: failure('INTERNAL', 'internal', detail, 'Look at the log on stderr.'),
    };
  }
  if (reason === 'broker') {
    const [code = 'SANDBOX_PROTOCOL', ...rest] = detail.split(': ');
    const field = BUDGET_FIELDS.find((name) => budgetExceededCode(name) === code);
    const why = rest.join(': ') || detail;
    const message = stoppedIn === undefined ? `${why}.` : `${why}, in the call ${stoppedIn}.`;
    const remedy = field === undefined ? remedyFor(code) : `Raise budget.${field}, or give the engine less to do.`;
    return { status: 'failed', error: failure(code, field === undefined ? 'sandbox' : 'budget', message, remedy) };
  }
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

/** What the post-gates look at. */
export function postFacts(run: EngineRun, grant: Grant, result: EngineResult): PostFacts {
  const staged = [...run.broker.writer.staged.values()];
  return {
    manifest: grant.manifest,
    operation: grant.operation,
    granted: grant.capabilities.map((granted) => granted.capabilityId),
    usedCapabilities: [...run.broker.used],
    budget: grant.budget,
    usage: run.meter.usage,
    summaryBytes: result.summary === undefined ? 0 : utf8Length(canonicalJson(result.summary)),
    stagedSha256: new Set(staged.map((output) => output.sha256)),
    outputNames: staged.map((output) => output.declaration.name),
    nondeterminism: influences(run.broker.used),
    leaks: run.leaks,
  };
}

/** What reached the engine from outside. In a frozen world clock and randomness cannot. */
function influences(used: ReadonlySet<string>): string[] {
  const axes: readonly (readonly [string, string])[] = [
    ['net.', 'network'],
    ['proc.', 'process'],
    ['device.', 'device'],
    ['gpu.', 'device'],
    ['fs.read:', 'files'],
    ['secrets.', 'secrets'],
  ];
  const outside = [...used].filter((id) => id !== 'fs.read:inputs');
  return axes.filter(([axis]) => outside.some((id) => id.startsWith(axis))).map(([, name]) => name);
}

/** Handles of what was staged, before it is stored: the artifact ids are assigned here. */
export function stagedHandles(staged: Iterable<StagedOutput>): {
  outputs: ArtifactHandle[];
  evidence: ArtifactHandle[];
} {
  const outputs: ArtifactHandle[] = [];
  const evidence: ArtifactHandle[] = [];
  for (const output of staged) {
    const { kind, mime, name } = output.declaration;
    const handle = {
      artifact_id: randomUUID(),
      sha256: output.sha256,
      size_bytes: output.size,
      mime,
      kind,
      name,
    };
    (output.declaration.evidence ? evidence : outputs).push(handle);
  }
  return { outputs, evidence };
}
