import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import type { ArtifactStore } from '@mex/artifacts';
import {
  type ArtifactHandle,
  canonicalJson,
  clipText,
  type EngineResult,
  MexError,
  parseStrictJson,
  type ResultError,
  type ResultStatus,
  utf8Length,
} from '@mex/envelope';
import { sha256Hex } from '@mex/envelope/digest';
import type { PostFacts, SecretLeak } from '@mex/gates';
import { MASK, type Redactor, redact } from '@mex/guard';
import type { Outside, ToolRecords } from './broker/axes.ts';
import { Broker } from './broker/broker.ts';
import { engineReply } from './broker/call.ts';
import type { StagedOutput } from './broker/fs-write.ts';
import { Meter } from './budgets.ts';
import { cleanReply } from './clean-reply.ts';
import { engineError, failure, killed, killVerdict, notStarted } from './failures.ts';
import type { Grant } from './grant.ts';
import { type LeakSearch, searchFor } from './leaks.ts';
import type { Planned } from './planned.ts';
import type { RunVerdict } from './quota.ts';
import { type EngineReply, type JobRequest, PROTOCOL_LIMITS, type ReportedProblem } from './sandbox/protocol.ts';
import type { EngineCode, JobOutcome, SandboxTier } from './sandbox/tier.ts';
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
  /** Whom its sandbox belongs to. */
  readonly tenant: string;
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
    tenant: run.tenant,
    // What an engine learned of a secret ends with the operation that was granted it.
    isTainted: () => broker.axes.secrets.handed.size > 0,
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
  return { broker, meter, outcome, leaks, ...judge(run, outcome, broker, meter, leaks, search) };
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
        const redactor = search()?.redactor;
        const known = redactor?.holdsKnownValue(bytes) === true ? masked(bytes, redactor) : bytes;
        // Everything that is recorded passes the redactor (CONTRACT §9), also what looks like a secret of the input.
        return run.storeToolOutput(stream, maskFound(known));
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

/** Text without what looks like a secret. Bytes that are no UTF-8 are read one by one, so that none is lost. */
function maskFound(bytes: Uint8Array): Uint8Array {
  const encoding = isUtf8(bytes) ? 'utf8' : 'latin1';
  const text = Buffer.from(bytes).toString(encoding);
  const clean = redact(text);
  return clean === text ? bytes : Buffer.from(clean, encoding);
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
  broker: Broker,
  meter: Meter,
  leaks: readonly SecretLeak[],
  search: LeakSearch | undefined,
): Judgement {
  if (outcome.kind === 'killed' && outcome.reason === 'cancelled' && signal?.reason === CONSENT_REVOKED) {
    const message = 'A consent that the operation rests on was revoked; the engine was ended.';
    const error = failure('CAPABILITY_CONSENT_REVOKED', 'capability', message, 'Ask the operator for a new consent.');
    return { reply: undefined, status: 'failed', error, verdict: 'neutral' };
  }
  if (outcome.kind === 'killed' && isStartFailure(outcome)) {
    return { reply: undefined, status: 'failed', error: notStarted(outcome.detail), verdict: 'neutral' };
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
    const remedy =
      'Take the secret away from the engine (mex grants revoke), replace it, and treat the engine as hostile.';
    const error = failure('SECURITY_SECRET_LEAKED', 'policy', message, remedy);
    return { reply, status: 'failed', error, verdict: 'fault' };
  }
  const error = engineError(grant, reply, broker.refusals);
  return { reply, status: 'failed', error, verdict: error.code === 'ENGINE_FAILED' ? 'fault' : 'neutral' };
}

function isStartFailure({ reason, cause }: Extract<JobOutcome, { kind: 'killed' }>): boolean {
  return reason === 'host_failed' && cause instanceof MexError && cause.code === 'SANDBOX_START_FAILED';
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
    implementation: implementationOf(grant),
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

/** What an engine needs to know to do its work the way policy wants it. */
function implementationOf({ implementation: { id, kind, tool } }: Grant): JobRequest['implementation'] {
  return { id, kind, ...(tool === undefined ? {} : { tool }) };
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
  const isClean = (text: string): boolean => mask?.holdsKnownValue(text) !== true;
  if (isClean(words.join('\n')) && isClean(words.join(''))) return reply;
  const what = 'withheld: it held a secret that was handed out';
  const kept = { ...reply, log: log.length === 0 ? [] : [`(${what})`], problems: [] };
  return error === undefined ? kept : { ...kept, error: { ...error, code: 'ENGINE_FAILED', message: `(${what})` } };
}

function wordsOf({ code, title, message, locations = [] }: ReportedProblem): string[] {
  return [code, title, message, ...locations.map(({ path }) => path)];
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
