import type { ArtifactStore } from '@mex/artifacts';
import { type ArtifactHandle, findCapability, MexError } from '@mex/envelope';
import type { Meter } from '../budgets.ts';
import type { Grant } from '../grant.ts';
import { searchFor } from '../leaks.ts';
import type { EngineCall } from '../sandbox/protocol.ts';
import { type CallFrame, JobStop, type ReplyFrame } from '../sandbox/tier.ts';
import type { Workspace } from '../workspace.ts';
import { Axes, findGrant, type Outside, type ToolRecords } from './axes.ts';
import { engineCall } from './call.ts';
import { InputReader } from './fs-read.ts';
import { OutputWriter } from './fs-write.ts';

/** What a call gives back. */
export interface Answer {
  readonly value?: unknown;
  readonly bytes?: Uint8Array;
  /** The engine's side has it. */
  readonly onReceived?: () => void;
}

/** A call that was refused: becomes an event and a Problem (CONTRACT §7). */
export interface Refusal {
  readonly call: string;
  readonly code: string;
  /** The capability that was missing; a call may be refused for other reasons. */
  readonly capabilityId: string | undefined;
  /** For the operator: may name files of the host. */
  readonly detail?: string;
}

export interface BrokerOptions {
  readonly session: number;
  readonly grant: Grant;
  readonly inputs: readonly ArtifactHandle[];
  readonly store: ArtifactStore;
  readonly meter: Meter;
  readonly workspace: Workspace;
  readonly outside: Outside;
  /** Whether a consent is still in force (CONTRACT §7). */
  readonly isConsentLive: (consentId: string) => boolean;
  readonly toolRecords: Omit<ToolRecords, 'onDenial'>;
}

/** Refusals kept per operation; `refusedCalls` counts them all. */
const MAX_REFUSALS = 100;

/** What is wrong with a call or an input, said in words that name nothing of the host. */
const FOR_ENGINES = new Set([
  'CAPABILITY_USED_WITHOUT_GRANT',
  'CAPABILITY_CONSENT_REVOKED',
  'DEVICE_UNAVAILABLE',
  'SECURITY_UNTRUSTED_EXECUTION',
  'SANDBOX_TIER_UNAVAILABLE',
  'OUTPUT_UNDECLARED',
  'OUTPUT_REPEATED',
  'INPUT_UNRESOLVABLE',
  'ARTIFACT_NOT_FOUND',
  'ARTIFACT_DRIFT',
]);
/** These are the engine's to know, but their words may hold what the disk or the database said. */
const CODE_ONLY = new Set(['ARTIFACT_CORRUPT', 'ARTIFACT_MISMATCH', 'ARTIFACT_INVALID', 'POLICY_PATH_ESCAPE']);
/** Axes whose errors are written for engines: their words name what was asked for and nothing of the host. */
const AXIS_ERRORS = ['NETWORK_', 'SCOPE_', 'SECRET_', 'TOOL_'];
/** Refusals that an operator should hear of even where the engine goes on: it tried what it may not, or lacks something. */
const BREACHES = new Set([
  // CONTRACT §5: drift is an integrity error, also where an engine makes do without the file.
  'ARTIFACT_CORRUPT',
  'ARTIFACT_DRIFT',
  'ARTIFACT_MISMATCH',
  'DEVICE_UNAVAILABLE',
  'NETWORK_BLOCKED',
  'NETWORK_ADDRESS_BLOCKED',
  'NETWORK_REDIRECT_BLOCKED',
  'NETWORK_REQUEST_INVALID',
  'OUTPUT_REPEATED',
  'OUTPUT_UNDECLARED',
  'POLICY_PATH_ESCAPE',
  'SCOPE_UNKNOWN',
  'SECRET_HOST_REFUSED',
  'SECRET_NOT_READABLE',
  'SECRET_TOO_SHORT',
  'SECRET_UNAVAILABLE',
  'SECRET_UNKNOWN',
]);

/** Does an engine's I/O for it, after checking the Grant on every call (CONTRACT §9). One broker an operation. */
export class Broker {
  readonly writer: OutputWriter;
  readonly axes: Axes;
  /** How many calls were refused. */
  refusedCalls = 0;
  /** How many calls were not answered with what they asked for, for whatever reason: an engine may go on all the same. */
  failedCalls = 0;
  readonly used = new Set<string>();
  private readonly options: BrokerOptions;
  private readonly reader: InputReader;
  private readonly refused: Refusal[] = [];
  private stopper: string | undefined;
  private closed = false;
  private inFlight = 0;
  private onSettled: (() => void) | undefined;

  constructor(options: BrokerOptions) {
    this.options = options;
    this.reader = new InputReader(options.store, options.inputs, options.grant.budget.memory_bytes);
    this.writer = new OutputWriter(options.grant.operation, options.meter, options.workspace);
    this.axes = new Axes({
      ...options,
      require: (id, call) => this.require(id, call),
      inputs: this.reader.asFiles(),
      toolRecords: {
        ...options.toolRecords,
        onDenial: ({ tool, code, detail }) => {
          const capabilityId = `proc.exec:${tool}`;
          const known = findCapability(capabilityId) !== undefined;
          this.refuse({ call: 'tool.exec', code, capabilityId: known ? capabilityId : undefined, detail });
        },
      },
    });
  }

  /** The first refusals, in order: no value that was handed out is in them. */
  get refusals(): readonly Refusal[] {
    const search = searchFor(this.axes.secrets.handed);
    if (search === undefined) return this.refused;
    const { redactor } = search;
    const clean = (text: string | undefined) => (text === undefined ? undefined : redactor.redact(text));
    return this.refused.map((refusal) => ({
      ...refusal,
      capabilityId: clean(refusal.capabilityId),
      ...(refusal.detail === undefined ? {} : { detail: redactor.redact(refusal.detail) }),
    }));
  }

  /** The call that ended the operation, where one did. */
  get stoppedIn(): string | undefined {
    return this.stopper;
  }

  /**
   * Serves one frame. What an engine may know of a failure is an answer; every other failure is the host's own.
   * @throws JobStop when the call ends the operation; whatever failed in the host
   */
  readonly serve = async (frame: CallFrame): Promise<ReplyFrame> => {
    const { session } = this.options;
    if (this.closed) throw new JobStop('SANDBOX_PROTOCOL', 'a call after the end of the operation');
    this.inFlight += 1;
    try {
      const call = parseCall(frame.text);
      if (call.session !== session) throw new JobStop('SANDBOX_PROTOCOL', 'a call for another operation');
      return await this.answer(call, frame.bytes);
    } finally {
      this.inFlight -= 1;
      if (this.inFlight === 0) this.onSettled?.();
    }
  };

  /** Refuses every later call, and waits for those in flight: afterwards `writer.staged` and the workspace stay as they are. */
  async settle(): Promise<void> {
    this.closed = true;
    const over = new JobStop('SANDBOX_PROTOCOL', 'the operation is over');
    this.reader.close(over);
    const closed = this.axes.close(over);
    if (this.inFlight > 0) {
      await new Promise<void>((resolve) => {
        this.onSettled = resolve;
      });
    }
    await closed;
  }

  private async answer(call: EngineCall, bytes: Uint8Array | undefined): Promise<ReplyFrame> {
    const { session, id } = call;
    try {
      const { value, ...sent } = await this.perform(call, bytes);
      return { ...sent, text: JSON.stringify({ session, id, ok: true, value }) };
    } catch (thrown) {
      this.failedCalls += 1;
      if (thrown instanceof JobStop && !this.closed) this.stopper ??= call.call;
      const told = this.tell(call, thrown);
      return { text: JSON.stringify({ session, id, ok: false, ...told }) };
    }
  }

  private async perform(call: EngineCall, bytes: Uint8Array | undefined): Promise<Answer> {
    this.axes.begin();
    switch (call.call) {
      case 'output.write':
        this.require('fs.write:artifacts', call.call);
        return { value: await this.writer.write(call.name, bytes ?? new Uint8Array()) };
      case 'input.files':
        this.require('fs.read:inputs', call.call);
        return this.reader.files(call.input);
      case 'input.bytes':
        this.require('fs.read:inputs', call.call);
        return this.reader.bytes(call.input);
      case 'input.read':
        this.require('fs.read:inputs', call.call);
        return this.reader.read(call.input, call.path);
      case 'scope.list':
        return this.axes.list(call.scope, call.path);
      case 'scope.read':
        return this.axes.read(call.scope, call.path);
      case 'http.fetch':
        return this.axes.fetch(call, bytes);
      case 'tool.exec':
        return this.axes.exec(call, bytes);
      case 'secret.value':
        return this.axes.secret(call.secret);
      case 'device.use':
        return this.axes.device(call.capability);
    }
  }

  /** @throws MexError unless the capability is granted at this moment */
  private require(capabilityId: string, call: string): void {
    const standing = findGrant(this.options.grant, capabilityId, this.options.isConsentLive);
    if (standing === 'granted' && findCapability(capabilityId) !== undefined) {
      this.used.add(capabilityId);
      return;
    }
    const code = standing === 'revoked' ? 'CAPABILITY_CONSENT_REVOKED' : 'CAPABILITY_USED_WITHOUT_GRANT';
    this.refuse({ call, code, capabilityId: findCapability(capabilityId) === undefined ? undefined : capabilityId });
    throw new MexError({
      code,
      kind: 'capability',
      message:
        standing === 'revoked'
          ? `The consent for "${capabilityId}" is not in force any more.`
          : `${call} needs "${capabilityId}", which this operation was not granted.`,
      remedy:
        standing === 'revoked'
          ? 'Ask the operator for a new consent.'
          : `Add "${capabilityId}" to capabilities_requested.`,
    });
  }

  /** What the engine is told of a failure. @throws the failure itself where it is none of the engine's business */
  private tell(engineCall: EngineCall, thrown: unknown): { code: string; message: string } {
    if (!(thrown instanceof MexError)) throw thrown;
    const { code, message } = thrown;
    const { call } = engineCall;
    if (BREACHES.has(code))
      this.refuse({ call, code, capabilityId: this.capabilityOf(engineCall, thrown), detail: message });
    if (FOR_ENGINES.has(code) || AXIS_ERRORS.some((prefix) => code.startsWith(prefix))) return { code, message };
    if (code === 'POLICY_PATH_ESCAPE' && call.startsWith('scope.')) {
      return {
        code,
        message: 'The path leads out of the directory, or over a link or something that is no plain file.',
      };
    }
    if (CODE_ONLY.has(code)) return { code, message: 'The input is not what it was when the operation was planned.' };
    throw thrown;
  }

  /** What a refused call needed. */
  private capabilityOf(call: EngineCall, thrown: MexError): string | undefined {
    const id = call.call === 'http.fetch' ? this.axes.httpCapabilityOf(thrown) : capabilityOfCall(call);
    return id !== undefined && findCapability(id) !== undefined ? id : undefined;
  }

  private refuse(refusal: Refusal): void {
    this.refusedCalls += 1;
    if (this.refused.length < MAX_REFUSALS) this.refused.push(refusal);
  }
}

function capabilityOfCall(call: EngineCall): string | undefined {
  switch (call.call) {
    case 'scope.list':
    case 'scope.read':
      return `fs.read:${call.scope}`;
    case 'secret.value':
      return `secrets.use:${call.secret}`;
    case 'device.use':
      return call.capability;
    default:
      return undefined;
  }
}

/** JSON.parse will do: the shape is fixed and closed, so no name in it is the engine's. */
function parseCall(text: string): EngineCall {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new JobStop('SANDBOX_PROTOCOL', 'a call that is no JSON');
  }
  if (engineCall.check(value)) return value;
  throw new JobStop('SANDBOX_PROTOCOL', 'a call of unknown shape');
}
