import type { IsolationTier } from '@mex/envelope';

/** One escape that was tried, live. */
export interface ProvenAttempt {
  /** What was tried, in a few words. */
  readonly name: string;
  readonly stopped: boolean;
  /** What was seen: an error code from inside, or what came out. Clipped; no path of this machine. */
  readonly detail: string;
}

/** What a tier did against a small set of escapes on this machine, just now. */
export interface TierProof {
  readonly tier: Exclude<IsolationTier, 'none'>;
  /** Every attempt was stopped, and all of them were made. */
  readonly held: boolean;
  readonly attempts: readonly ProvenAttempt[];
  /** Why the attempts could not be made, where they could not. */
  readonly failure?: string;
  readonly ms: number;
}

/** What each tier promises, in words for an operator. */
export const TIER_PROMISES: Readonly<Record<TierProof['tier'], readonly string[]>> = {
  thread: [
    'a worker thread with a disarmed, frozen JavaScript realm: no files, network, processes, environment or native code',
    'deadlines, CPU time and memory are measured from the host, and what passes them is ended',
    'one engine and one caller a thread; no operation changes the language or the globals that the next one sees',
    'not promised: that an engine forgets what it kept itself, between operations of one caller',
    'not promised: a flaw of V8, or a loop that V8 does not interrupt, can end the host process or burn one of its cores',
  ],
  process: [
    'the same disarmed realm in a process of its own, inside Linux namespaces with no network and no files but Node',
    'a system call filter (no sockets, no new processes), no privileges, no environment, resource limits of the kernel',
    'whatever happens in it, it can be ended at any moment, and the host lives on',
    'not promised: that an engine forgets what it kept itself, between operations of one caller',
    'not promised: a flaw of the Linux kernel, or of the processor',
  ],
  wasm: ['not there yet'],
};
