import type { Jailed } from '../jail/launch.ts';
import { findJailTools, type JailTools } from '../jail/requirements.ts';
import { DEFAULT_LANES, LanePool } from '../lane-pool.ts';
import type { TierProof } from '../proof/proof.ts';
import { hasHeld, proveJail } from '../proof/prove-jail.ts';
import { proveRealm } from '../proof/prove-realm.ts';
import type { EngineCode, Job, JobOutcome, SandboxTier, TierClosed } from '../tier.ts';
import { launchBareNode, launchNode } from './sandboxed-node.ts';
import { hold, ProcessVessel } from './vessel.ts';

export interface ProcessTierOptions {
  /** Processes at once; default twice the cores, at least 4. A process serves one engine. */
  readonly maxProcesses?: number;
  /** The self-contained program of the engine's side. Only a bundled application needs to say where it put it. */
  readonly program?: URL;
}

/** The same place as seen from the sources and from what is built of them. */
const PROGRAM = new URL('../../../dist/sandbox/process/program.mjs', import.meta.url);

/**
 * `process`: one Node in a jail of Linux namespaces per lane, with the same disarmed realm inside. For engines nobody
 * vouches for: what breaks out of the realm is still in the jail.
 * Absent where the machine has no jail; `findJailTools` says what is missing.
 */
export function createProcessTier(options: ProcessTierOptions = {}): SandboxTier | undefined {
  const tools = findJailTools();
  return 'missing' in tools ? undefined : new ProcessTier(tools, options);
}

interface Spare {
  readonly memoryBytes: number;
  readonly jailed: Jailed;
}

class ProcessTier implements SandboxTier {
  readonly name = 'process';
  private readonly tools: JailTools;
  private readonly program: URL;
  private readonly lanes: LanePool;
  /** Started and disarmed, without an engine; for the next lane. */
  private waiting: Spare | undefined;
  private closed = false;

  constructor(tools: JailTools, { program = PROGRAM, maxProcesses = DEFAULT_LANES }: ProcessTierOptions) {
    this.tools = tools;
    this.program = program;
    this.lanes = new LanePool((options) => new ProcessVessel(this.take(options.memoryBytes), options), maxProcesses);
  }

  run(job: Job): Promise<JobOutcome> {
    return this.lanes.run(job);
  }

  /** The jail alone, with a Node that has all its powers: what the realm adds comes on top. */
  async prove(): Promise<TierProof> {
    const begun = performance.now();
    try {
      const attempts = await proveJail((script, argument) =>
        launchBareNode(this.tools, this.program, script, argument),
      );
      return { tier: 'process', held: hasHeld(attempts), attempts, ms: performance.now() - begun };
    } catch (error) {
      const failure = error instanceof Error ? error.message : 'unknown cause';
      return { tier: 'process', held: false, attempts: [], failure, ms: performance.now() - begun };
    }
  }

  proveRealm(): Promise<TierProof> {
    return proveRealm('process', this);
  }

  spare(memoryBytes: number): void {
    this.startSpare(memoryBytes);
  }

  prewarm(code: EngineCode, memoryBytes: number): void {
    this.lanes.prewarm(code, memoryBytes);
  }

  async close(): Promise<TierClosed> {
    this.closed = true;
    this.dropSpare();
    return this.lanes.close();
  }

  /** The spare, if it was started with this much memory, and starts the next one when there is time. */
  private take(memoryBytes: number): Jailed {
    const { waiting: spare } = this;
    const fits = spare?.memoryBytes === memoryBytes;
    if (!fits) this.dropSpare();
    this.waiting = undefined;
    setImmediate(() => this.startSpare(memoryBytes));
    return fits ? spare.jailed : this.launch(memoryBytes);
  }

  private startSpare(memoryBytes: number): void {
    if (this.closed || this.waiting !== undefined) return;
    let jailed: Jailed;
    try {
      jailed = this.launch(memoryBytes);
    } catch {
      // The next lane meets the same, and its job is told.
      return;
    }
    const spare = { memoryBytes, jailed };
    this.waiting = spare;
    void spare.jailed.exited.then(() => {
      if (this.waiting === spare) this.waiting = undefined;
    });
  }

  private dropSpare(): void {
    this.waiting?.jailed.kill();
    this.waiting = undefined;
  }

  private launch(memoryBytes: number): Jailed {
    const jailed = launchNode(this.tools, this.program, memoryBytes);
    hold(jailed, false);
    return jailed;
  }
}
