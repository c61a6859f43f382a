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
  /**
   * In the transaction of the grant: the place is taken in the whole home.
   * @returns why it is not there any more; then the grant is not to be recorded
   */
  readonly begin: (now: number) => QuotaRefusal | undefined;
  /** In the transaction in which the end is recorded: the operation ran. */
  readonly end: (verdict: RunVerdict, now: number) => void;
  /** At the very end: gives the place back when nothing else did. */
  readonly release: () => void;
}

/** Another process was faster. */
export interface QuotaRefusal {
  readonly code: 'QUOTA_EXCEEDED' | 'CIRCUIT_OPEN';
  readonly reason: string;
}

/** How an engine has failed lately. */
export interface Circuit {
  /** In a row. */
  readonly failures: number;
  /** When it last did, in ms since 1970. */
  readonly failedAt: number;
  /** Since when nothing is let through, in ms since 1970. */
  readonly openedAt: number | undefined;
  /** The one operation that tries again, by the process it runs in. */
  readonly probe: { readonly owner: string; readonly instance: string; readonly at: number } | undefined;
}

/** What one account uses. */
export interface SharedUse {
  readonly running: number;
  /** In this minute. */
  readonly started: number;
}

/** What one account uses in this process. */
export interface AccountUse extends SharedUse {
  readonly account: string;
  /** Ms since 1970. */
  readonly windowStart: number;
}

/** Where all processes of a home see each other. Writes happen inside transactions of the home. */
export interface QuotaStore {
  readonly readCircuit: (engineId: string) => Circuit | undefined;
  /** @param circuit `undefined`: it is closed, and nothing failed */
  readonly writeCircuit: (engineId: string, circuit: Circuit | undefined) => void;
  readonly claim: (now: number) => NonNullable<Circuit['probe']>;
  readonly isClaimedElsewhere: (probe: NonNullable<Circuit['probe']>, now: number) => boolean;
  /** What other processes use of an account. */
  readonly othersOf: (account: string, now: number) => SharedUse;
  readonly writeAccounts: (accounts: readonly AccountUse[], now: number) => void;
}

interface Account {
  readonly key: string;
  /** In words. */
  readonly name: string;
  /** Places taken. */
  running: number;
  windowStart: number;
  started: number;
  /** Of these, what was granted: the others may still be denied, and other processes do not see them. */
  granted: SharedUse;
}

/** Most accounts kept; idle ones are forgotten first. */
const MAX_ACCOUNTS = 10_000;
/** Rates are per minute. */
export const QUOTA_WINDOW_MS = 60_000;

/** Names of accounts. */
export const actorAccount = (actorId: string): string => `actor:${actorId}`;
export const engineAccount = (engineId: string): string => `engine:${engineId}`;

/**
 * Whether a span that began at `start` lasts at `now`. One that begins far ahead was written before the clock was put
 * back, or by somebody else: it must not deny until the clock is there again.
 */
export function isWithin(start: number, spanMs: number, now: number): boolean {
  return Math.abs(now - start) < spanMs;
}

/** What a circuit is at `now` (ms since 1970), but for a probe under way. */
export function circuitState(circuit: Circuit | undefined, cooldownMs: number, now: number): CircuitState {
  if (circuit?.openedAt === undefined) return 'closed';
  return isWithin(circuit.openedAt, cooldownMs, now) ? 'open' : 'half-open';
}

/** Counts what is running and started, and which engines fail in a row, together with the other processes of a home. */
export class Quota {
  private readonly limits: QuotaLimits;
  private readonly store: QuotaStore;
  private readonly accounts = new Map<string, Account>();
  /** Engines that an operation of this process is trying again. */
  private readonly probes = new Set<string>();

  /** @param store default: this process alone */
  constructor(limits: Partial<QuotaLimits> = {}, store: QuotaStore = new MemoryStore()) {
    this.limits = { ...DEFAULT_QUOTA, ...limits };
    this.store = store;
  }

  /**
   * Checks and takes a place in one step. `engineId` is absent for an engine nobody registered: invented names get no
   * account of their own.
   */
  reserve(actorId: string, engineId: string | undefined, now: number): Reservation {
    const accounts = [this.account(actorAccount(actorId), `Actor ${actorId}`, now)];
    if (engineId !== undefined) accounts.push(this.account(engineAccount(engineId), engineId, now));
    const refusal = this.refusal(accounts, now);
    const state = engineId === undefined ? 'closed' : this.stateOf(engineId, now);
    const isTaken = refusal === undefined && state !== 'open';
    if (isTaken) {
      for (const account of accounts) {
        account.running += 1;
        account.started += 1;
      }
    }
    const probed = isTaken && state === 'half-open' ? engineId : undefined;
    if (probed !== undefined) this.probes.add(probed);
    let isOver = !isTaken;
    let isGranted = false;
    const release = (started: 0 | 1): boolean => {
      if (isOver) return false;
      isOver = true;
      for (const account of accounts) {
        account.running -= 1;
        account.started -= started;
        if (isGranted) addGranted(account, -1, -started);
      }
      if (probed !== undefined) this.probes.delete(probed);
      return true;
    };
    return {
      refusal,
      circuit: state,
      cancel: () => void release(1),
      begin: (at) => {
        if (isOver || isGranted) return undefined;
        isGranted = true;
        for (const account of accounts) addGranted(account, 1, 1);
        return this.begin(accounts, engineId, probed !== undefined, at);
      },
      end: (verdict, at) => {
        if (!release(0)) return;
        if (engineId !== undefined) this.judge(engineId, verdict, probed !== undefined, at);
        this.store.writeAccounts(accounts.map(useOf), at);
      },
      release: () => void release(0),
    };
  }

  /** Transactions of a home come one after another: here all processes see the same. */
  private begin(
    accounts: readonly Account[],
    engineId: string | undefined,
    isProbe: boolean,
    now: number,
  ): QuotaRefusal | undefined {
    const reason = this.refusal(
      accounts.map(({ key, name, granted }) => ({
        key,
        name,
        running: granted.running - 1,
        started: granted.started - 1,
      })),
      now,
    );
    if (reason !== undefined) return { code: 'QUOTA_EXCEEDED', reason };
    if (engineId !== undefined && isProbe) {
      const circuit = this.store.readCircuit(engineId);
      const { probe } = circuit ?? {};
      if (probe !== undefined && this.store.isClaimedElsewhere(probe, now)) {
        return { code: 'CIRCUIT_OPEN', reason: `${engineId} is being tried again by another process.` };
      }
      if (circuit !== undefined) this.store.writeCircuit(engineId, { ...circuit, probe: this.store.claim(now) });
    }
    this.store.writeAccounts(accounts.map(useOf), now);
    return undefined;
  }

  private refusal(
    accounts: readonly Pick<Account, 'key' | 'name' | 'running' | 'started'>[],
    now: number,
  ): string | undefined {
    const { maxConcurrent, maxPerMinute } = this.limits;
    for (const { key, name, ...own } of accounts) {
      const others = this.store.othersOf(key, now);
      const running = own.running + others.running;
      if (running >= maxConcurrent) return `${name} has ${running} operations running; that is the most.`;
      const started = own.started + others.started;
      if (started >= maxPerMinute) return `${name} started ${started} operations in this minute; that is the most.`;
    }
    return undefined;
  }

  private stateOf(engineId: string, now: number): CircuitState {
    const circuit = this.store.readCircuit(engineId);
    const state = circuitState(circuit, this.limits.breakerCooldownMs, now);
    if (state !== 'half-open') return state;
    const { probe } = circuit ?? {};
    const isProbed = this.probes.has(engineId) || (probe !== undefined && this.store.isClaimedElsewhere(probe, now));
    return isProbed ? 'open' : 'half-open';
  }

  /** While the circuit is open only the probe says anything about the engine; what started earlier does not. */
  private judge(engineId: string, verdict: RunVerdict, isProbe: boolean, now: number): void {
    const circuit = this.store.readCircuit(engineId);
    const { openedAt, failures = 0, probe } = circuit ?? {};
    if (verdict === 'neutral' || (openedAt !== undefined && !isProbe)) {
      if (circuit !== undefined && isProbe && probe !== undefined) {
        this.store.writeCircuit(engineId, { ...circuit, probe: undefined });
      }
      return;
    }
    if (verdict === 'ok') {
      if (circuit !== undefined) this.store.writeCircuit(engineId, undefined);
      return;
    }
    const opens = isProbe || failures + 1 >= this.limits.breakerThreshold;
    this.store.writeCircuit(engineId, {
      failures: failures + 1,
      failedAt: now,
      openedAt: opens ? now : undefined,
      probe: undefined,
    });
  }

  private account(key: string, name: string, now: number): Account {
    let account = this.accounts.get(key);
    if (account === undefined) {
      if (this.accounts.size >= MAX_ACCOUNTS) this.forgetIdle(now);
      account = { key, name, running: 0, windowStart: now, started: 0, granted: { running: 0, started: 0 } };
      this.accounts.set(key, account);
    }
    if (!isWithin(account.windowStart, QUOTA_WINDOW_MS, now)) {
      account.windowStart = now;
      account.started = 0;
      account.granted = { running: account.granted.running, started: 0 };
    }
    return account;
  }

  /** An account inside its minute is kept: forgetting it would give its rate back. */
  private forgetIdle(now: number): void {
    for (const [key, account] of this.accounts) {
      if (account.running === 0 && !isWithin(account.windowStart, QUOTA_WINDOW_MS, now)) this.accounts.delete(key);
    }
  }
}

function addGranted(account: Account, running: number, started: number): void {
  const { granted } = account;
  account.granted = { running: granted.running + running, started: Math.max(0, granted.started + started) };
}

function useOf({ key, windowStart, granted }: Account): AccountUse {
  return { account: key, windowStart, ...granted };
}

/** A process that is alone. */
class MemoryStore implements QuotaStore {
  readonly #circuits = new Map<string, Circuit>();

  readCircuit(engineId: string): Circuit | undefined {
    return this.#circuits.get(engineId);
  }

  writeCircuit(engineId: string, circuit: Circuit | undefined): void {
    if (circuit === undefined) this.#circuits.delete(engineId);
    else this.#circuits.set(engineId, circuit);
  }

  claim(now: number): NonNullable<Circuit['probe']> {
    return { owner: '', instance: '', at: now };
  }

  isClaimedElsewhere(): boolean {
    return false;
  }

  othersOf(): SharedUse {
    return { running: 0, started: 0 };
  }

  writeAccounts(): void {}
}
