/** What a host says of one attempt; the rest is seen from outside. */
export interface HostReply {
  readonly id: string;
  /** Result, log, outputs and events of the operation, as they were recorded. */
  readonly text: string;
  /** `succeeded`, or the code of its first error. */
  readonly end: string;
  readonly lagMs: number;
  readonly lateMs: number;
  readonly growthMiB: number;
  readonly events: readonly string[];
  /** What was wrong with the next operation; empty when nothing was. */
  readonly next: string;
}

/** One attempt as seen by the process that watches the host. */
export interface HostReport extends HostReply {
  /** What the host died of; empty while it lives. */
  readonly death: string;
  readonly pid: number;
  readonly cwd: string;
  /** What reached the host's own streams by now. */
  readonly printed: () => string;
}

export const NO_REPLY: HostReply = {
  id: '',
  text: '',
  end: 'no reply',
  lagMs: 0,
  lateMs: 0,
  growthMiB: 0,
  events: [],
  next: '',
};
