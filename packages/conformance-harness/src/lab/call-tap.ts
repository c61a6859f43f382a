import type { Job, JobOutcome, SandboxTier } from '@mex/runtime';

/*
 * Stands between the runtime and a tier and sees what passes: which calls an engine makes, how they are answered, and
 * what it said at the end. Where a probe asks for it, a call is answered late, wrongly or not at all; everything else is
 * the runtime's own doing.
 */

type CallFrame = Parameters<Job['onCall']>[0];
type ReplyFrame = Awaited<ReturnType<Job['onCall']>>;

/** A call as the engine's side sent it. */
interface EngineCall {
  /** Its place in the operation, from 0. */
  readonly index: number;
  /** e.g. `input.read`. */
  readonly call: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** An answer that refuses it. */
  readonly refuse: (code: string, message: string) => ReplyFrame;
}

/** What a probe does with a call; `serve` is what the runtime would do. */
export type Interceptor = (call: EngineCall, serve: () => Promise<ReplyFrame>) => Promise<ReplyFrame>;

export interface SeenCall {
  readonly index: number;
  readonly call: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** Code of the refusal; absent while it is under way, or was served. */
  code: string | undefined;
}

/** What was seen of one operation. */
export interface Sighting {
  /** How often a sandbox was asked to run it. */
  starts: number;
  readonly calls: SeenCall[];
  /** The engine's last words, unmasked: they never leave this process. */
  reply: Readonly<Record<string, unknown>> | undefined;
}

/** One tap a host. */
export class CallTap {
  private readonly watched = new Map<
    string,
    { readonly sighting: Sighting; readonly intercept: Interceptor | undefined }
  >();

  /** From now on, the operation is seen. */
  watch(opId: string, intercept?: Interceptor): Sighting {
    const sighting: Sighting = { starts: 0, calls: [], reply: undefined };
    this.watched.set(opId, { sighting, intercept });
    return sighting;
  }

  forget(opId: string): void {
    this.watched.delete(opId);
  }

  /** @param proofs of tiers that other hosts of this certification proved already */
  wrap(tier: SandboxTier, proofs: Map<string, ReturnType<NonNullable<SandboxTier['prove']>>>): SandboxTier {
    const prove = (): ReturnType<NonNullable<SandboxTier['prove']>> => {
      const known = proofs.get(tier.name) ?? tier.prove?.();
      if (known === undefined) throw new Error(`the tier ${tier.name} has no proof`);
      proofs.set(tier.name, known);
      return known;
    };
    return {
      name: tier.name,
      run: (job) => this.run(tier, job),
      prove: tier.prove === undefined ? undefined : prove,
      proveRealm: () => tier.proveRealm(),
      spare: (memoryBytes) => tier.spare?.(memoryBytes),
      prewarm: (code, memoryBytes) => tier.prewarm(code, memoryBytes),
      close: () => tier.close(),
    };
  }

  private async run(tier: SandboxTier, job: Job): Promise<JobOutcome> {
    const watched = this.watched.get(job.opId);
    if (watched === undefined) return tier.run(job);
    const { sighting, intercept } = watched;
    sighting.starts += 1;
    const outcome = await tier.run({ ...job, onCall: (frame) => serveSeen(frame, job.onCall, sighting, intercept) });
    if (outcome.kind === 'replied') sighting.reply = readObject(outcome.text);
    return outcome;
  }
}

async function serveSeen(
  frame: CallFrame,
  onCall: Job['onCall'],
  { calls }: Sighting,
  intercept: Interceptor | undefined,
): Promise<ReplyFrame> {
  const body = readObject(frame.text) ?? {};
  const seen: SeenCall = { index: calls.length, call: String(body['call']), body, code: undefined };
  calls.push(seen);
  const refuse = (code: string, message: string): ReplyFrame => {
    const { session, id } = body;
    return { text: JSON.stringify({ session, id, ok: false, code, message }) };
  };
  const serve = (): Promise<ReplyFrame> => onCall(frame);
  const reply = await (intercept === undefined ? serve() : intercept({ ...seen, refuse }, serve));
  const answer = readObject(reply.text);
  if (answer?.['ok'] === false) seen.code = String(answer['code']);
  return reply;
}

/** Frames have a shape that the runtime checks; here one that has another is only not looked at. */
function readObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
