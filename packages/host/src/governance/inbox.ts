import { randomUUID } from 'node:crypto';
import { MexError } from '@mex/envelope';
import type { FlightRecorder } from '@mex/flight-recorder';
import {
  type ApprovalScope,
  createDecisions,
  type DecisionDocuments,
  type Decisions,
  type GovernanceErrorCode,
  type Person,
} from '@mex/governance';
import { redact, stripControl } from '@mex/guard';
import { type ApprovalSummary, type ApprovalView, describeView, summarizeRow } from './approval-view.ts';
import { createDecisionTables, type DecisionTables } from './decision-tables.ts';
import { DEFAULT_GOVERNANCE, type GovernancePolicy } from './governance-policy.ts';

const DEFAULT_LIMIT = 100;
const DAY_MS = 86_400_000;

/** What waits for a person, and what became of it. */
export interface Inbox {
  /** The newest first; only what is waiting unless `all`. */
  readonly list: (query?: { readonly all?: boolean; readonly limit?: number }) => ApprovalSummary[];
  readonly countOpen: () => number;
  /**
   * One request, verified against the log.
   * @param id whole, or its first 8 characters or more
   * @throws MexError `GOVERNANCE_FOREIGN`, `GOVERNANCE_ALTERED`
   */
  readonly show: (id: string) => ApprovalView;
}

export interface ApprovalReply {
  /** Default `once`. */
  readonly scope?: ApprovalScope;
  /** Ms since 1970, at most 30 days away. Default: one day for scope `capability`, else the end of the request. */
  readonly until?: number;
  readonly reason?: string;
}

/** The inbox with its answers. Who answers is what the host application has authenticated. */
export interface Approvals extends Inbox {
  /** @throws MexError as `Decisions.answer` */
  readonly approve: (id: string, by: Person, reply?: ApprovalReply) => Promise<ApprovalView>;
  /** Also takes an approval back, for what has not run yet. @throws MexError as `Decisions.answer` */
  readonly reject: (id: string, by: Person, reply?: { readonly reason?: string }) => Promise<ApprovalView>;
}

/** The inbox and the protocol behind it. */
export interface InboxParts {
  readonly approvals: Approvals;
  readonly decisions: Decisions;
  readonly tables: DecisionTables;
}

/** Opens the inbox of a home for looking; also over a recorder that was opened for reading. */
export function openInbox(recorder: FlightRecorder, now: () => number = Date.now): Inbox {
  return createInbox(recorder, READING, DEFAULT_GOVERNANCE, now).approvals;
}

/** Whoever only looks keeps no documents. */
const READING: DecisionDocuments = {
  keep: () => Promise.reject(new Error('opened for looking')),
  read: async () => undefined,
};

export function createInbox(
  recorder: FlightRecorder,
  documents: DecisionDocuments,
  policy: GovernancePolicy,
  now: () => number,
): InboxParts {
  const tables = createDecisionTables(recorder, policy.maxPending);
  const decisions = createDecisions({
    store: tables,
    documents,
    level: policy.automationLevel,
    table: policy.table,
    now,
    newId: randomUUID,
    clean: (text) => redact(stripControl(text)),
  });
  const answer = async (id: string, by: Person, reply: Parameters<Decisions['answer']>[2]): Promise<ApprovalView> =>
    describeView(await decisions.answer(completeId(tables, id), by, reply));
  const approvals: Approvals = {
    list: ({ all = false, limit = DEFAULT_LIMIT } = {}) => {
      const at = now();
      return tables.list({ now: at, all, limit }).map((row) => summarizeRow(row, at));
    },
    countOpen: () => tables.countOpen(now()),
    show: (id) => describeView(decisions.view(completeId(tables, id))),
    approve: (id, by, { scope = 'once', until, reason } = {}) => {
      const end = until ?? (scope === 'capability' ? now() + DAY_MS : undefined);
      return answer(id, by, {
        verdict: 'approve',
        scope,
        ...(end === undefined ? {} : { until: end }),
        ...(reason === undefined ? {} : { rationale: reason }),
      });
    },
    reject: (id, by, { reason } = {}) =>
      answer(id, by, { verdict: 'reject', ...(reason === undefined ? {} : { rationale: reason }) }),
  };
  return { approvals, decisions, tables };
}

/** An id as a person writes it: its beginning will do when only one begins so. */
function completeId(tables: DecisionTables, text: string): string {
  if (!/^[0-9a-f-]{8,35}$/.test(text)) return text;
  const [first, second] = tables.complete(text);
  if (first === undefined) return text;
  if (second === undefined) return first;
  throw new MexError<GovernanceErrorCode>({
    code: 'GOVERNANCE_FOREIGN',
    kind: 'validation',
    message: `Several approvals begin with ${text}.`,
    remedy: 'Write more of the id: mex approvals list --format json',
  });
}
