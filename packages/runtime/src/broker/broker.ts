import type { ArtifactStore } from '@mex/artifacts';
import { type ArtifactHandle, coversCapability, MexError } from '@mex/envelope';
import type { Meter } from '../budgets.ts';
import type { Grant } from '../grant.ts';
import { type CallFrame, JobStop, type ReplyFrame } from '../sandbox/tier.ts';
import type { Workspace } from '../workspace.ts';
import { engineCall } from './call.ts';
import { InputReader } from './fs-read.ts';
import { OutputWriter } from './fs-write.ts';

/** What a call gives back. */
export interface Answer {
  readonly value?: unknown;
  readonly bytes?: Uint8Array;
}

/** A call that was refused: becomes an event and a Problem (CONTRACT §7). */
export interface Refusal {
  readonly call: string;
  readonly code: string;
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

/** Refusals kept per operation; the rest is only counted. */
const MAX_REFUSALS = 100;

/** Does an engine's I/O for it, after checking the Grant on every call (CONTRACT §9). One broker an operation. */
export class Broker {
  readonly writer: OutputWriter;
  readonly refusals: Refusal[] = [];
  readonly used = new Set<string>();
  private readonly options: BrokerOptions;
  private readonly reader: InputReader;
  private closed = false;

  constructor(options: BrokerOptions) {
    this.options = options;
    this.reader = new InputReader(options.store, options.inputs);
    this.writer = new OutputWriter(options.grant.operation, options.meter, options.workspace);
  }

  /** Serves one frame. @throws JobStop when the call ends the operation. */
  readonly serve = async (frame: CallFrame): Promise<ReplyFrame> => {
    const call = parseCall(frame.text);
    const { session } = this.options;
    if (call.session !== session || this.closed) throw new JobStop('SANDBOX_PROTOCOL', 'a call for another operation');
    try {
      const answer = await this.perform(call, frame.bytes);
      const text = JSON.stringify({ session, id: call.id, ok: true, value: answer.value });
      return answer.bytes === undefined ? { text } : { text, bytes: answer.bytes };
    } catch (thrown) {
      if (!(thrown instanceof MexError)) throw thrown;
      return { text: JSON.stringify({ session, id: call.id, ok: false, code: thrown.code, message: thrown.message }) };
    }
  };

  /** After this every late call is refused. */
  close(): void {
    this.closed = true;
  }

  private async perform(call: ReturnType<typeof parseCall>, bytes: Uint8Array | undefined): Promise<Answer> {
    if (call.call === 'output.write') {
      this.require('fs.write:artifacts', call.call);
      return { value: await this.writer.write(call.name, bytes ?? new Uint8Array()) };
    }
    this.require('fs.read:inputs', call.call);
    if (call.call === 'input.read') return this.reader.read(call.input, call.path);
    return call.call === 'input.files' ? this.reader.files(call.input) : this.reader.bytes(call.input);
  }

  private require(capabilityId: string, call: string): void {
    if (this.options.grant.capabilities.some((granted) => coversCapability(granted.capabilityId, capabilityId))) {
      this.used.add(capabilityId);
      return;
    }
    if (this.refusals.length < MAX_REFUSALS)
      this.refusals.push({ call, code: 'CAPABILITY_USED_WITHOUT_GRANT', capabilityId });
    throw new MexError({
      code: 'CAPABILITY_USED_WITHOUT_GRANT',
      kind: 'capability',
      message: `${call} needs "${capabilityId}", which this operation was not granted.`,
      remedy: `Add "${capabilityId}" to capabilities_requested.`,
    });
  }
}

function parseCall(text: string) {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new JobStop('SANDBOX_PROTOCOL', 'a call that is no JSON');
  }
  if (engineCall.check(value)) return value;
  throw new JobStop('SANDBOX_PROTOCOL', 'a call of unknown shape');
}
