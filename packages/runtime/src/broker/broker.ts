import type { ArtifactStore } from '@mex/artifacts';
import { type ArtifactHandle, coversCapability, MexError } from '@mex/envelope';
import type { Meter } from '../budgets.ts';
import type { Grant } from '../grant.ts';
import type { EngineCall } from '../sandbox/protocol.ts';
import { type CallFrame, JobStop, type ReplyFrame } from '../sandbox/tier.ts';
import type { Workspace } from '../workspace.ts';
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
}

export interface BrokerOptions {
  readonly session: number;
  readonly grant: Grant;
  readonly inputs: readonly ArtifactHandle[];
  readonly store: ArtifactStore;
  readonly meter: Meter;
  readonly workspace: Workspace;
}

/** Refusals kept per operation; `refusedCalls` counts them all. */
const MAX_REFUSALS = 100;

/** What is wrong with a call or an input, said in words that name nothing of the host. */
const FOR_ENGINES = new Set([
  'CAPABILITY_USED_WITHOUT_GRANT',
  'OUTPUT_UNDECLARED',
  'OUTPUT_REPEATED',
  'INPUT_UNRESOLVABLE',
  'ARTIFACT_NOT_FOUND',
  'ARTIFACT_DRIFT',
]);
/** These are the engine's to know, but their words may hold what the disk or the database said. */
const CODE_ONLY = new Set(['ARTIFACT_CORRUPT', 'ARTIFACT_MISMATCH', 'ARTIFACT_INVALID', 'POLICY_PATH_ESCAPE']);

/** Does an engine's I/O for it, after checking the Grant on every call (CONTRACT §9). One broker an operation. */
export class Broker {
  readonly writer: OutputWriter;
  /** The first refusals, in order. */
  readonly refusals: Refusal[] = [];
  /** How many calls were refused. */
  refusedCalls = 0;
  readonly used = new Set<string>();
  private readonly options: BrokerOptions;
  private readonly reader: InputReader;
  private closed = false;
  private inFlight = 0;
  private onSettled: (() => void) | undefined;

  constructor(options: BrokerOptions) {
    this.options = options;
    this.reader = new InputReader(options.store, options.inputs, options.grant.budget.memory_bytes);
    this.writer = new OutputWriter(options.grant.operation, options.meter, options.workspace);
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
    this.reader.close(new JobStop('SANDBOX_PROTOCOL', 'the operation is over'));
    if (this.inFlight === 0) return;
    await new Promise<void>((resolve) => {
      this.onSettled = resolve;
    });
  }

  private async answer(call: EngineCall, bytes: Uint8Array | undefined): Promise<ReplyFrame> {
    const { session, id } = call;
    try {
      const { value, ...sent } = await this.perform(call, bytes);
      return { ...sent, text: JSON.stringify({ session, id, ok: true, value }) };
    } catch (thrown) {
      const told = this.tell(call, thrown);
      return { text: JSON.stringify({ session, id, ok: false, ...told }) };
    }
  }

  private async perform(call: EngineCall, bytes: Uint8Array | undefined): Promise<Answer> {
    if (call.call === 'output.write') {
      this.require('fs.write:artifacts', call.call);
      return { value: await this.writer.write(call.name ?? '', bytes ?? new Uint8Array()) };
    }
    this.require('fs.read:inputs', call.call);
    const input = call.input ?? -1;
    if (call.call === 'input.read') return this.reader.read(input, call.path ?? '');
    return call.call === 'input.files' ? this.reader.files(input) : this.reader.bytes(input);
  }

  private require(capabilityId: string, call: string): void {
    if (this.options.grant.capabilities.some((granted) => coversCapability(granted.capabilityId, capabilityId))) {
      this.used.add(capabilityId);
      return;
    }
    this.refuse({ call, code: 'CAPABILITY_USED_WITHOUT_GRANT', capabilityId });
    throw new MexError({
      code: 'CAPABILITY_USED_WITHOUT_GRANT',
      kind: 'capability',
      message: `${call} needs "${capabilityId}", which this operation was not granted.`,
      remedy: `Add "${capabilityId}" to capabilities_requested.`,
    });
  }

  /** What the engine is told of a failure. @throws the failure itself where it is none of the engine's business */
  private tell({ call }: EngineCall, thrown: unknown): { code: string; message: string } {
    if (!(thrown instanceof MexError)) throw thrown;
    const { code, message } = thrown;
    if (code === 'OUTPUT_UNDECLARED' || code === 'OUTPUT_REPEATED')
      this.refuse({ call, code, capabilityId: undefined });
    if (FOR_ENGINES.has(code)) return { code, message };
    if (CODE_ONLY.has(code)) return { code, message: 'The input is not what it was when the operation was planned.' };
    throw thrown;
  }

  private refuse(refusal: Refusal): void {
    this.refusedCalls += 1;
    if (this.refusals.length < MAX_REFUSALS) this.refusals.push(refusal);
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
