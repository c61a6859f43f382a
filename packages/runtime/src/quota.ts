/** Limits per actor and per engine (CONTRACT §9 Quota). */
export interface QuotaLimits {
  /** Operations at once, per actor and per engine. */
  readonly maxConcurrent: number;
  /** Operations started per minute, per actor and per engine. */
  readonly maxPerMinute: number;
  /** Failures in a row that open an engine's circuit. */
  readonly breakerThreshold: number;
  /** Time an open circuit waits before one operation may try again, in ms. */
  readonly breakerCooldownMs: number;
}

export const DEFAULT_QUOTA: QuotaLimits = {
  maxConcurrent: 256,
  maxPerMinute: 1_000_000,
  breakerThreshold: 10,
  breakerCooldownMs: 30_000,
};

export type CircuitState = 'closed' | 'half-open' | 'open';

/** `fault`: the engine failed by its own doing. `neutral`: nothing was learned about it. */
export type RunVerdict = 'ok' | 'fault' | 'neutral';

/** A place taken before anything is awaited, so that operations asked for at once cannot all see it free. */
export interface Reservation {
  /** Why the operation may not start; `undefined` when it may. */
  readonly refusal: string | undefined;
  readonly circuit: CircuitState;
  /** Gives the place back: the operation was denied and counts for nothing. */
  readonly cancel: () => void;
  /** The operation ran. */
  readonly end: (verdict: RunVerdict, now: number) => void;
}

interface Account {
  running: number;
  windowStart: number;
  started: number;
}

interface Circuit {
  failures: number;
  openedAt: number | undefined;
  probing: boolean;
}

/** Most accounts kept; idle ones are forgotten first. */
const MAX_ACCOUNTS = 10_000;
const WINDOW_MS = 60_000;

/** Counts what is running and started, and which engines fail in a row. In memory of one process: a restart forgives. */
export class Quota {
  private readonly limits: QuotaLimits;
  private readonly accounts = new Map<string, Account>();
  private readonly circuits = new Map<string, Circuit>();

  constructor(limits: Partial<QuotaLimits> = {}) {
    this.limits = { ...DEFAULT_QUOTA, ...limits };
  }

  /**
   * Checks and takes a place in one step. `engineId` is absent for an engine nobody registered: invented names get no
   * account of their own.
   */
  reserve(actorId: string, engineId: string | undefined, now: number): Reservation {
    const keys: (readonly [string, string])[] = [[`actor:${actorId}`, `Actor ${actorId}`]];
    if (engineId !== undefined) keys.push([`engine:${engineId}`, engineId]);
    const accounts = keys.map(([key]) => this.account(key, now));
    const refusal = keys.map(([, name], i) => this.refusal(name, accounts[i])).find((reason) => reason !== undefined);
    const circuit = engineId === undefined ? undefined : this.circuitOf(engineId);
    const state = circuit === undefined ? 'closed' : this.stateOf(circuit, now);
    const isTaken = refusal === undefined && state !== 'open';
    if (isTaken) {
      for (const account of accounts) {
        account.running += 1;
        account.started += 1;
      }
      if (circuit !== undefined && state === 'half-open') circuit.probing = true;
    }
    const isProbe = isTaken && state === 'half-open';
    let isOver = !isTaken;
    const leave = (): boolean => {
      if (isOver) return false;
      isOver = true;
      for (const account of accounts) account.running -= 1;
      if (isProbe && circuit !== undefined) circuit.probing = false;
      return true;
    };
    return {
      refusal,
      circuit: state,
      cancel: () => {
        if (leave()) for (const account of accounts) account.started -= 1;
      },
      end: (verdict, endedAt) => {
        if (leave() && circuit !== undefined) this.judge(circuit, verdict, isProbe, endedAt);
      },
    };
  }

  private refusal(name: string, account: Account | undefined): string | undefined {
    if (account === undefined) return undefined;
    if (account.running >= this.limits.maxConcurrent) {
      return `${name} has ${account.running} operations running; that is the most.`;
    }
    if (account.started < this.limits.maxPerMinute) return undefined;
    return `${name} started ${account.started} operations in this minute; that is the most.`;
  }

  private stateOf(circuit: Circuit, now: number): CircuitState {
    if (circuit.openedAt === undefined) return 'closed';
    return circuit.probing || now - circuit.openedAt < this.limits.breakerCooldownMs ? 'open' : 'half-open';
  }

  /** While the circuit is open only the probe says anything about the engine; what started earlier does not. */
  private judge(circuit: Circuit, verdict: RunVerdict, isProbe: boolean, now: number): void {
    if (verdict === 'neutral' || (circuit.openedAt !== undefined && !isProbe)) return;
    if (verdict === 'ok') {
      circuit.failures = 0;
      circuit.openedAt = undefined;
      return;
    }
    circuit.failures += 1;
    if (isProbe || circuit.failures >= this.limits.breakerThreshold) circuit.openedAt = now;
  }

  private circuitOf(engineId: string): Circuit {
    const known = this.circuits.get(engineId);
    if (known !== undefined) return known;
    const circuit = { failures: 0, openedAt: undefined, probing: false };
    this.circuits.set(engineId, circuit);
    return circuit;
  }

  private account(key: string, now: number): Account {
    let account = this.accounts.get(key);
    if (account === undefined) {
      if (this.accounts.size >= MAX_ACCOUNTS) this.forgetIdle(now);
      account = { running: 0, windowStart: now, started: 0 };
      this.accounts.set(key, account);
    }
    if (now - account.windowStart >= WINDOW_MS) {
      account.windowStart = now;
      account.started = 0;
    }
    return account;
  }

  /** An account inside its minute is kept: forgetting it would give its rate back. */
  private forgetIdle(now: number): void {
    for (const [key, account] of this.accounts) {
      if (account.running === 0 && now - account.windowStart >= WINDOW_MS) this.accounts.delete(key);
    }
  }
}
