import {
  type AutomationLevel,
  createDecisions,
  DEFAULT_TABLE,
  type DecisionRequest,
  type Decisions,
  type DecisionTable,
  targetRef,
} from '@mex/governance';
import {
  createMemoryDecisions,
  createMemoryDocuments,
  type MemoryDocuments,
  type MemoryStore,
} from './memory-store.ts';

export const START = Date.parse('2026-11-21T10:00:00Z');
export const DAY = 86_400_000;
export const ADA = { id: 'os:ada', kind: 'human' } as const;
export const BOB = { id: 'os:bob', kind: 'human' } as const;
export const EVE = { id: 'os:eve', kind: 'human' } as const;
export const PLANNER = { id: 'app:planner', kind: 'agent' } as const;
export const TARGET = targetRef('operation', 'a'.repeat(64));
export const OTHER_TARGET = targetRef('operation', 'b'.repeat(64));

export interface Desk {
  readonly store: MemoryStore;
  readonly documents: MemoryDocuments;
  readonly clock: { now: number };
  /** A process that has just started, at this level. */
  readonly open: (level: AutomationLevel, table?: DecisionTable) => Decisions;
}

export function createDesk(): Desk {
  const store = createMemoryDecisions();
  const documents = createMemoryDocuments();
  const clock = { now: START };
  let ids = 0;
  const newId = (): string => {
    ids += 1;
    return `00000000-0000-4000-8000-${String(ids).padStart(12, '0')}`;
  };
  const open: Desk['open'] = (level, table = DEFAULT_TABLE) =>
    createDecisions({ store, documents, level, table, now: () => clock.now, newId, clean: (text) => text });
  return { store, documents, clock, open };
}

export function ask(over: Partial<DecisionRequest> = {}): DecisionRequest {
  return {
    gateType: 'SpecApproval',
    targetRef: TARGET,
    confidence: 0.85,
    rationale: 'All checks passed.',
    actor: PLANNER,
    modelId: 'planner-1',
    ...over,
  };
}

export const USE = { gateType: 'SpecApproval', targetRef: TARGET, usedBy: 'op-1' };

/** Types of the governance events of a decision, shortened to their numbers. */
export function sequence(store: MemoryStore, decisionId: string): string {
  const numbers = new Map([
    ['gov_decision_created', '001'],
    ['gov_decision_applied', '002'],
    ['gov_auto_signature_created', '003'],
    ['gov_human_intervention_requested', '004'],
    ['gov_human_intervention_received', '005'],
  ]);
  return store
    .events(decisionId)
    .map(({ type }) => numbers.get(type) ?? type)
    .join(' ');
}
