import { randomUUID } from 'node:crypto';
import type { ProblemReport } from '@mex/envelope';
import type { FlightRecorder } from '@mex/flight-recorder';
import { type Consents, createConsents } from '@mex/governance';
import { redact, stripControl } from '@mex/guard';
import { createConsentTables } from './consent-tables.ts';

/** How often revocations by other processes are looked for while somebody listens, in ms. */
const POLL_MS = 100;

/** The consents of a home. */
export interface HomeConsents extends Consents {
  /**
   * Tells of every consent that is revoked from now on: at once when it happens in this process, within 100 ms when
   * another process does it. Answers with a function that ends it. A listener must not throw.
   */
  readonly onRevoke: (listener: (consentId: string) => void) => () => void;
  /** Ends all listening. */
  readonly close: () => void;
}

/** Opens the consents of a recorder's home. Over a recorder opened for reading, changes are refused. */
export function openConsents(recorder: FlightRecorder, now: () => number = Date.now): HomeConsents {
  const store = createConsentTables(recorder);
  const listeners = new Set<(consentId: string) => void>();
  let seen = 0;
  let timer: NodeJS.Timeout | undefined;

  const tell = (): void => {
    // The timer may fire once more while a host is being closed.
    if (listeners.size === 0 || !recorder.database.isOpen) return;
    for (const { seq, consentId } of store.revocationsAfter(seen)) {
      seen = seq;
      for (const listener of listeners) listener(consentId);
    }
  };
  const rest = (): void => {
    clearInterval(timer);
    timer = undefined;
  };
  const consents = createConsents({
    store,
    now,
    newId: randomUUID,
    clean: (text) => redact(stripControl(text)),
    onTampered: (consentId) => void reportTampered(recorder, consentId, now()).catch(() => undefined),
  });
  return {
    ...consents,
    revoke: async (consentId, by, reason) => {
      const record = await consents.revoke(consentId, by, reason);
      tell();
      return record;
    },
    onRevoke: (listener) => {
      // A wrapper, so that one function may listen twice.
      const own = (consentId: string): void => listener(consentId);
      if (listeners.size === 0) seen = store.lastRevocation();
      listeners.add(own);
      timer ??= setInterval(tell, POLL_MS).unref();
      return () => {
        listeners.delete(own);
        if (listeners.size === 0) rest();
      };
    },
    close: () => {
      listeners.clear();
      rest();
    },
  };
}

async function reportTampered(recorder: FlightRecorder, consentId: string, now: number): Promise<void> {
  const report: ProblemReport = {
    title: 'A stored consent is not the one that was recorded',
    message: `Consent ${consentId} differs from what the log proves, so it counts for nothing.`,
    severity: 'error',
    source: 'governance',
    surface: 'host',
    tool: 'mex',
    code: 'CONSENT_TAMPERED',
    locations: [],
    link_confidence: 'direct',
  };
  const actor = { kind: 'system', id: 'mex' } as const;
  await recorder.problems.report(report, { timestamp: new Date(now).toISOString(), actor });
}
