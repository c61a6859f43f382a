import type { ArtifactStore } from '@mex/artifacts';
import type { EngineResult } from '@mex/envelope';
import type { FlightRecorder } from '@mex/flight-recorder';
import type { Gate } from '@mex/gates';
import {
  type AppliedChange,
  addUsage,
  applyInRun,
  beginOperation,
  type ChangeSet,
  createRuns,
  diffToChangeSet,
  parseChangeSet,
  type RolledBack,
  type RunActor,
  type RunRequest,
  type Runs,
  type RunView,
  type RunWork,
  recoverChanges,
  rollbackInRun,
  workspaceOf,
} from '@mex/runs';
import { type AtGrant, type Caller, type GrantRecord, GrantRefused } from '@mex/runtime';
import { createDecisionDocuments } from '../governance/decision-documents.ts';
import { DEFAULT_GOVERNANCE } from '../governance/governance-policy.ts';
import { createInbox } from '../governance/inbox.ts';
import type { Policy } from '../policy.ts';
import { approveChange, findOverrideRule } from './change-approval.ts';

type Operation = string | Uint8Array | object;

/** What a run is opened with; `actor` is by default the caller of the host. */
export type OpenRunRequest = Omit<RunRequest, 'actor'> & Partial<Pick<RunRequest, 'actor'>>;

/** Runs of a home, and what is done in them. Who acts is what the host application has authenticated. */
export interface HostRuns extends Pick<Runs, 'list' | 'show' | 'charge'> {
  /** No new operation begins in it until it is resumed. */
  readonly pause: (id: string, by: RunActor, reason?: string) => Promise<RunView>;
  readonly resume: (id: string, by: RunActor, reason?: string) => Promise<RunView>;
  /** For good; what this process runs in it is ended. */
  readonly cancel: (id: string, by: RunActor, reason?: string) => Promise<RunView>;
  /**
   * Applies a change set to the workspace of a run, once it is approved (CONTRACT §12).
   * @throws MexError `APPROVAL_REQUIRED` with the id of the approval that waits, and the refusals of `@mex/runs`
   */
  readonly apply: (id: string, changeSet: Operation, by: RunActor) => Promise<AppliedChange>;
  /**
   * Reads a unified diff against the workspace of a run as it is now. Changes nothing.
   * @throws MexError as `diffToChangeSet`
   */
  readonly readDiff: (id: string, diff: Uint8Array) => Promise<ChangeSet>;
  /** @throws MexError as `rollbackInRun` */
  readonly rollback: (id: string, by: RunActor, options?: { readonly force?: boolean }) => Promise<RolledBack>;
}

/** What the wiring of a host needs of them. */
export interface WiredRuns {
  readonly runs: HostRuns;
  readonly open: (request: RunRequest) => Promise<RunView>;
  /** An envelope may only name a run that the operator opened for its sender. */
  readonly gate: Gate;
  readonly standing: Runs['standing'];
  /** Counts an operation with the grant, besides what else is recorded with it. */
  readonly withRun: (other: AtGrant) => AtGrant;
  /** Runs an operation, ends it with its run, and counts what it wrote. */
  readonly execute: (
    operation: Operation,
    signal: AbortSignal | undefined,
    run: (signal: AbortSignal | undefined) => Promise<EngineResult>,
  ) => Promise<EngineResult>;
  /** Ends what dead processes left half changed. */
  readonly recover: () => Promise<void>;
}

export function openHostRuns(parts: {
  readonly home: string;
  readonly recorder: FlightRecorder;
  readonly artifacts: ArtifactStore;
  readonly policy: Policy;
}): WiredRuns {
  const { recorder, artifacts, policy } = parts;
  const governance = policy.governance ?? DEFAULT_GOVERNANCE;
  const runs = createRuns({ recorder, requireBudget: policy.requireRunBudget });
  const inbox = createInbox(recorder, createDecisionDocuments(artifacts), governance, Date.now);
  const powers = { recorder, store: artifacts };
  const work: RunWork = {
    runs,
    powers,
    formattingOnly: policy.requireRunBudget ? 'deny' : 'warn',
    forbidden: [parts.home],
    asksOverBudget: ({ definition }) => findOverrideRule(governance, definition.actor.id) !== undefined,
    authorize: (run, set, prepared, changeId) => approveChange(governance, inbox, { run, set, prepared, changeId }),
  };
  const flights = new RunFlights(runs, recorder);
  return {
    runs: {
      list: runs.list,
      show: runs.show,
      charge: runs.charge,
      pause: (id, by, reason) => runs.change(id, 'pause', by, reason),
      resume: (id, by, reason) => runs.change(id, 'resume', by, reason),
      cancel: async (id, by, reason) => {
        const run = await runs.change(id, 'cancel', by, reason);
        flights.end(run.definition.run_id);
        return run;
      },
      apply: (id, changeSet, by) => applyInRun(work, id, parseChangeSet(changeSet), by),
      readDiff: (id, diff) => {
        const { workspace, run_id } = runs.show(id).definition;
        return diffToChangeSet(artifacts, workspaceOf(workspace, run_id), diff);
      },
      rollback: (id, by, { force = false } = {}) => rollbackInRun(work, id, by, force),
    },
    open: (request) => runs.open({ automationLevel: governance.automationLevel, ...request }),
    gate: { id: 'G-RUN', pre: (operation, { caller }) => checkRun(runs, operation.context?.run_id, caller) },
    standing: runs.standing,
    withRun: (other) => async (operation, caller) => {
      const charge = chargeOperation(runs, operation.context?.run_id);
      return joinRecords(charge, await other(operation, caller));
    },
    execute: (operation, signal, run) => flights.execute(operation, signal, run),
    recover: async () => void (await recoverChanges(powers)),
  };
}

function checkRun(runs: Runs, runId: string | undefined, caller: Pick<Caller, 'id'> | undefined) {
  const refusal = runId === undefined ? undefined : runs.refusal(runId, caller?.id ?? 'unknown');
  if (refusal === undefined) return undefined;
  return {
    gate: 'G-RUN',
    kind: 'policy',
    severity: 'error',
    ...refusal,
    remedy: 'Name a run that the operator opened for you, or none.',
    // The operator may still open or resume it.
    retryable: true,
  } as const;
}

/** Counted with the grant, in one transaction: of two that want the last operation, one gets it. */
function chargeOperation(runs: Runs, runId: string | undefined): GrantRecord | undefined {
  if (runId === undefined) return undefined;
  const run = runs.find(runId);
  if (run === undefined) return undefined;
  return {
    events: [],
    companion: (db) => {
      const exhausted = beginOperation(db, run);
      if (exhausted === undefined) return;
      throw new GrantRefused({
        gate: 'G-BUDGET',
        code: 'QUOTA_EXCEEDED',
        kind: 'budget',
        severity: 'error',
        reason: `The run's ${exhausted} is used up.`,
        remedy: 'Open a new run, or raise its budget.',
        retryable: false,
      });
    },
  };
}

function joinRecords(first: GrantRecord | undefined, second: GrantRecord | undefined): GrantRecord | undefined {
  if (first === undefined || second === undefined) return first ?? second;
  return {
    events: [...first.events, ...second.events],
    companion: (db) => {
      first.companion(db);
      second.companion(db);
    },
  };
}

/** What this process runs in runs. */
class RunFlights {
  readonly #runs: Runs;
  readonly #recorder: FlightRecorder;
  readonly #ends = new Map<string, Set<AbortController>>();

  constructor(runs: Runs, recorder: FlightRecorder) {
    this.#runs = runs;
    this.#recorder = recorder;
  }

  end(runId: string): void {
    for (const controller of this.#ends.get(runId) ?? []) controller.abort();
  }

  async execute(
    operation: Operation,
    signal: AbortSignal | undefined,
    run: (signal: AbortSignal | undefined) => Promise<EngineResult>,
  ): Promise<EngineResult> {
    const runId = findRunId(operation);
    if (runId === undefined) return run(signal);
    const end = new AbortController();
    const ends = this.#ends.get(runId) ?? new Set();
    this.#ends.set(runId, ends.add(end));
    const timer = this.#watchTime(runId, end);
    try {
      const result = await run(signal === undefined ? end.signal : AbortSignal.any([signal, end.signal]));
      await this.#countWrites(runId, result);
      return result;
    } finally {
      clearTimeout(timer);
      ends.delete(end);
      if (ends.size === 0 && this.#ends.get(runId) === ends) this.#ends.delete(runId);
    }
  }

  /** A run's time ends what is still running in it. */
  #watchTime(runId: string, end: AbortController): NodeJS.Timeout | undefined {
    const deadline = this.#runs.deadline(runId);
    if (deadline === undefined) return undefined;
    const left = deadline - Date.now();
    // Longer than a timer can wait is longer than any operation lasts.
    return left > 2 ** 31 - 1 ? undefined : setTimeout(() => end.abort(), Math.max(left, 0));
  }

  async #countWrites(runId: string, { op_id }: EngineResult): Promise<void> {
    const query = { op: op_id, type: 'system', subject: 'engine.run', order: 'newest', limit: 1 } as const;
    const event = this.#recorder.list(query)[0]?.event;
    if (event?.type !== 'system' || event.subject !== 'engine.run') return;
    const { file_writes } = event.body.usage;
    if (file_writes > 0) await this.#recorder.append([], (db) => addUsage(db, runId, { file_writes }));
  }
}

/** For watching only: the runtime reads the operation for itself, strictly. */
function findRunId(operation: Operation): string | undefined {
  const text = typeof operation === 'string' || operation instanceof Uint8Array;
  const value: unknown = text ? tryJson(operation) : operation;
  const context: unknown = Object(value)['context'];
  const runId: unknown = Object(context)['run_id'];
  return typeof runId === 'string' ? runId : undefined;
}

function tryJson(text: string | Uint8Array): unknown {
  const plain = typeof text === 'string' ? text : Buffer.from(text).toString();
  if (!plain.includes('run_id')) return undefined;
  try {
    return JSON.parse(plain);
  } catch {
    return undefined;
  }
}
