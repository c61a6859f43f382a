import { canonicalJson, type FlightEvent, isFlightEvent, parseStrictJson } from '@mex/envelope';
import { sha256Hex } from '@mex/envelope/digest';
import type { Answer, DecisionCase, DecisionDocuments, DecisionStore } from '@mex/governance';

/** The process ends before a write reached the disk, or after it, with nobody told. */
export type Crash = 'before' | 'after';
export class Crashed extends Error {}

interface Row {
  subject: DecisionCase;
  open: boolean;
  readonly answers: Answer[];
  readonly uses: string[];
}

export interface MemoryStore extends DecisionStore {
  readonly rows: Map<string, Row>;
  readonly log: FlightEvent[];
  /** How the next write ends. */
  crash: Crash | undefined;
}

/** Rows and log in memory. A write yields first, so that two of them can meet, and is then done at once, or not at all. */
export function createMemoryDecisions(): MemoryStore {
  const write = async <T>(work: () => T): Promise<T> => {
    await Promise.resolve();
    const { crash } = store;
    store.crash = undefined;
    if (crash === 'before') throw new Crashed();
    const result = work();
    if (crash === 'after') throw new Crashed();
    return result;
  };
  const record = (events: readonly FlightEvent[]): void => {
    for (const event of events) if (!isFlightEvent(event)) throw new Error(`no event: ${JSON.stringify(event)}`);
    store.log.push(...events);
  };
  const store: MemoryStore = {
    rows: new Map(),
    log: [],
    crash: undefined,
    insert: (subject, events) =>
      write(() => {
        record(events);
        store.rows.set(subject.decisionId, { subject, open: subject.outcome === 'human', answers: [], uses: [] });
      }),
    answer: (id, answer, event, judge) =>
      write(() => {
        const row = store.rows.get(id);
        if (row === undefined) return 'refused';
        const same = row.answers.some(({ userId, verdict }) => userId === answer.userId && verdict === answer.verdict);
        if (same) return 'repeated';
        const judgement = judge(row.answers);
        if (judgement === 'refuse') return 'refused';
        record([event]);
        row.answers.push(answer);
        if (judgement === 'close') row.open = false;
        return 'recorded';
      }),
    use: (id, usedBy, single, event) =>
      write(() => {
        const uses = store.rows.get(id)?.uses ?? [];
        if (uses.includes(usedBy)) return 'repeated';
        if (single && uses.length > 0) return 'used-up';
        record([event]);
        uses.push(usedBy);
        return 'recorded';
      }),
    get: (id) => store.rows.get(id)?.subject,
    uses: (id) => [...(store.rows.get(id)?.uses ?? [])],
    events: (id) => store.log.filter((event) => event.activity_span_id === id),
  };
  return store;
}

export interface MemoryDocuments extends DecisionDocuments {
  readonly kept: Map<string, string>;
}

export function createMemoryDocuments(): MemoryDocuments {
  const kept = new Map<string, string>();
  return {
    kept,
    async keep(document) {
      const text = canonicalJson(document);
      kept.set(sha256Hex(text), text);
      return sha256Hex(text);
    },
    async read(sha256) {
      const text = kept.get(sha256);
      return text === undefined || sha256Hex(text) !== sha256 ? undefined : parseStrictJson(text);
    },
  };
}
