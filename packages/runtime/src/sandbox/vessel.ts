import type { CallChannel } from './call-channel.ts';
import type { EngineCode } from './tier.ts';

/** What one job has used, as the host sees it. */
export interface Usage {
  cpuMs: number;
  memoryBytes: number;
}

/** The vessel's CPU time at which a job began; unknown until its first sample. */
export interface JobBase {
  cpuBaseUs: number | undefined;
}

/** Where one engine runs: a thread, or a process. What it says is hostile; its figures are the host's. */
export interface Vessel {
  /** Calls of the engine come in here. */
  readonly channel: CallChannel;
  /** Settles when the engine is loaded, with `memory` when its bundle took more than it may. Rejects when it was not loaded. */
  readonly loaded: Promise<'loaded' | 'memory'>;
  /** Runs one request to its reply. Rejects when the vessel is lost; `isOutOfMemory` tells of what. */
  readonly run: (request: string) => Promise<string>;
  readonly isOutOfMemory: (thrown: unknown) => boolean;
  /** Measures the vessel with its engine loaded and idle: what a job uses is counted from there. */
  readonly calibrate: () => Promise<void>;
  /**
   * The job's CPU time and memory now; answers while the engine spins, unless V8 does not let it.
   * @param elapsedMs since the job began
   */
  readonly sample: (job: JobBase, elapsedMs: () => number) => Promise<Usage>;
  /** After a job that was sampled. `false`: what it left behind is so much that the next job needs another vessel. */
  readonly isRested: () => boolean;
  /** Ends it without asking. Resolves when it is gone, which need never be for a thread. */
  readonly destroy: () => Promise<void>;
}

/** Makes the vessel of a lane. `onLost` is called when it ended by itself. */
export type OpenVessel = (options: {
  readonly code: EngineCode;
  readonly memoryBytes: number;
  readonly createChannel: (send: FrameSender) => CallChannel;
  readonly onLost: () => void;
}) => Vessel;

/** Carries frames to the engine's side. */
export interface FrameSender {
  /** The bytes are given away. */
  readonly send: (text: string, bytes: Uint8Array | undefined) => void;
  readonly close: () => void;
}

/** A vessel ended before an engine was in it: a fault of the machine or of MEX. The message may hold host text. */
export class VesselBroken extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'VesselBroken';
  }
}
