import { canonicalJson, type EngineResult, MexError, parseOperation } from '@mex/envelope';
import type { FlightRecorder } from '@mex/flight-recorder';
import { addUsage, type Runs } from '@mex/runs';

type Operation = string | Uint8Array | object;

/** How often the state of runs with running operations is looked at, in ms. */
const STATE_WATCH_MS = 200;

/** What this process runs in runs. */
export class RunFlights {
  readonly #runs: Runs;
  readonly #recorder: FlightRecorder;
  readonly #ends = new Map<string, Set<AbortController>>();
  #watch: NodeJS.Timeout | undefined;

  constructor(runs: Runs, recorder: FlightRecorder) {
    this.#runs = runs;
    this.#recorder = recorder;
  }

  end(runId: string): void {
    for (const controller of this.#ends.get(runId) ?? []) controller.abort();
  }

  async execute(
    operation: Operation,
    signal: AbortSignal | undefined,
    run: (signal: AbortSignal | undefined) => Promise<EngineResult>,
  ): Promise<EngineResult> {
    const runId = findRunId(operation);
    if (runId === undefined) return run(signal);
    const end = new AbortController();
    const ends = this.#ends.get(runId) ?? new Set();
    this.#ends.set(runId, ends.add(end));
    const timer = this.#watchTime(runId, end);
    this.#watchState();
    try {
      const result = await run(signal === undefined ? end.signal : AbortSignal.any([signal, end.signal]));
      await this.#countWrites(runId, result);
      return result;
    } finally {
      clearTimeout(timer);
      ends.delete(end);
      if (ends.size === 0 && this.#ends.get(runId) === ends) this.#ends.delete(runId);
      if (this.#ends.size === 0) this.#rest();
    }
  }

  /** Another process may cancel a run; while nothing runs in one, nobody looks. */
  #watchState(): void {
    this.#watch ??= setInterval(() => {
      for (const runId of this.#ends.keys()) if (isOver(this.#runs, runId)) this.end(runId);
    }, STATE_WATCH_MS);
  }

  #rest(): void {
    clearInterval(this.#watch);
    this.#watch = undefined;
  }

  /** A run's time ends what is still running in it. */
  #watchTime(runId: string, end: AbortController): NodeJS.Timeout | undefined {
    const deadline = this.#runs.deadline(runId);
    if (deadline === undefined) return undefined;
    const left = deadline - Date.now();
    // Longer than a timer can wait is longer than any operation lasts.
    return left > 2 ** 31 - 1 ? undefined : setTimeout(() => end.abort(), Math.max(left, 0));
  }

  async #countWrites(runId: string, { op_id }: EngineResult): Promise<void> {
    const query = { op: op_id, type: 'system', subject: 'engine.run', order: 'newest', limit: 1 } as const;
    const event = this.#recorder.list(query)[0]?.event;
    if (event?.type !== 'system' || event.subject !== 'engine.run') return;
    const { file_writes } = event.body.usage;
    if (file_writes > 0) await this.#recorder.append([], (db) => addUsage(db, runId, { file_writes }));
  }
}

function isOver(runs: Runs, runId: string): boolean {
  try {
    const state = runs.state(runId);
    return state === 'cancelled' || state === 'closed';
  } catch (error) {
    // A log that cannot be read says nothing; the operation's own end will say so.
    if (error instanceof Error) return false;
    throw error;
  }
}

/** However its members are written, it is read as the runtime reads it: what is not watched keeps to no limit of its run. */
function findRunId(operation: Operation): string | undefined {
  try {
    const isText = typeof operation === 'string' || operation instanceof Uint8Array;
    if (isText && !mayNameRun(operation)) return undefined;
    return parseOperation(isText ? operation : canonicalJson(operation)).context?.run_id;
  } catch (error) {
    // The runtime refuses it in words.
    if (error instanceof MexError) return undefined;
    throw error;
  }
}

/** Most operations are of no run, and are not read twice. A name may be written with escapes. */
function mayNameRun(text: string | Uint8Array): boolean {
  const plain = typeof text === 'string' ? text : Buffer.from(text).toString('latin1');
  return plain.includes('run_id') || plain.includes('\\u');
}
