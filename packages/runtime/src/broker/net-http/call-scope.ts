/** Runs when a call is over, however it ends. */
type Closer = () => void;

/**
 * The life of one call: the first failure ends it, destroys what it holds, and is what the caller gets. Deadlines,
 * the end of the operation and a budget that is used up all come in through `fail`.
 */
export class CallScope {
  private readonly failed = Promise.withResolvers<never>();
  private readonly closers = new Set<Closer>();
  private over = false;
  private reason: { readonly thrown: unknown } | undefined;

  constructor(signal: AbortSignal, endOfOperation: () => Error) {
    this.failed.promise.catch(() => undefined);
    const onAbort = (): void => this.fail(endOfOperation());
    signal.addEventListener('abort', onAbort, { once: true });
    this.closers.add(() => signal.removeEventListener('abort', onAbort));
    if (signal.aborted) onAbort();
  }

  /** Ends the call. The reason goes to whoever waits, untouched; later ones are dropped. */
  fail(reason: unknown): void {
    if (this.over) return;
    this.reason = { thrown: reason };
    this.failed.reject(reason);
    this.close();
  }

  /** Waits for work, or until the call has failed, whichever is first. */
  race<Value>(work: Promise<Value>): Promise<Value> {
    return Promise.race([this.failed.promise, work]);
  }

  /** @throws what the call failed with, if it has: it comes before whatever its end broke elsewhere */
  verifyOpen(): void {
    if (this.reason !== undefined) throw this.reason.thrown;
  }

  /** Fails the call with `makeReason` unless the returned function is called within `ms`. */
  limit(ms: number, makeReason: () => Error): Closer {
    const timer = setTimeout(() => this.fail(makeReason()), ms);
    return this.onClose(() => clearTimeout(timer));
  }

  /** Runs `closer` at the end of the call, at once where that has come; or earlier, by the returned function. */
  onClose(closer: Closer): Closer {
    if (this.over) {
      closer();
      return () => undefined;
    }
    this.closers.add(closer);
    return () => {
      if (this.closers.delete(closer)) closer();
    };
  }

  /** Ends the call without a failure. */
  close(): void {
    this.over = true;
    for (const closer of this.closers) closer();
    this.closers.clear();
  }
}
