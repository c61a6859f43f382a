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

interface Account {
  running: number;
  windowStart: number;
  started: number;
  failures: number;
  openedAt: number | undefined;
  probing: boolean;
}

/** Most accounts kept; idle ones are forgotten first. */
const MAX_ACCOUNTS = 10_000;

/** Counts what is running and started, and which engines fail in a row. In memory: a restart forgives. */
export class Quota {
  private readonly limits: QuotaLimits;
  private readonly accounts = new Map<string, Account>();

  constructor(limits: Partial<QuotaLimits> = {}) {
    this.limits = { ...DEFAULT_QUOTA, ...limits };
  }

  /** Why this actor may not start an operation of this engine now; `undefined` when it may. */
  refusal(actorId: string, engineId: string, now: number): string | undefined {
    for (const [what, key] of [
      [`actor ${actorId}`, `actor:${actorId}`],
      [engineId, `engine:${engineId}`],
    ] as const) {
      const account = this.account(key, now);
      if (account.running >= this.limits.maxConcurrent)
        return `${what} has ${account.running} operations running; that is the most.`;
      if (account.started >= this.limits.maxPerMinute)
        return `${what} started ${account.started} operations in this minute; that is the most.`;
    }
    return undefined;
  }

  circuit(engineId: string, now: number): CircuitState {
    const account = this.account(`engine:${engineId}`, now);
    if (account.openedAt === undefined) return 'closed';
    if (account.probing || now - account.openedAt < this.limits.breakerCooldownMs) return 'open';
    return 'half-open';
  }

  begin(actorId: string, engineId: string, now: number): void {
    const half = this.circuit(engineId, now) === 'half-open';
    for (const key of [`actor:${actorId}`, `engine:${engineId}`]) {
      const account = this.account(key, now);
      account.running += 1;
      account.started += 1;
    }
    if (half) this.account(`engine:${engineId}`, now).probing = true;
  }

  /** `fault`: the engine failed by its own doing (a crash, a kill, an error), not by the planner's. */
  end(actorId: string, engineId: string, now: number, fault: boolean): void {
    for (const key of [`actor:${actorId}`, `engine:${engineId}`]) this.account(key, now).running -= 1;
    const account = this.account(`engine:${engineId}`, now);
    account.probing = false;
    account.failures = fault ? account.failures + 1 : 0;
    if (!fault) account.openedAt = undefined;
    else if (account.failures >= this.limits.breakerThreshold) account.openedAt = now;
  }

  private account(key: string, now: number): Account {
    let account = this.accounts.get(key);
    if (account === undefined) {
      if (this.accounts.size >= MAX_ACCOUNTS) this.forgetIdle();
      account = { running: 0, windowStart: now, started: 0, failures: 0, openedAt: undefined, probing: false };
      this.accounts.set(key, account);
    }
    if (now - account.windowStart >= 60_000) {
      account.windowStart = now;
      account.started = 0;
    }
    return account;
  }

  private forgetIdle(): void {
    for (const [key, account] of this.accounts) {
      if (account.running === 0 && account.openedAt === undefined) this.accounts.delete(key);
      if (this.accounts.size < MAX_ACCOUNTS / 2) return;
    }
  }
}
