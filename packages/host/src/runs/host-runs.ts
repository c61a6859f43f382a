import type { ArtifactStore } from '@mex/artifacts';
import type { EngineResult } from '@mex/envelope';
import type { FlightRecorder } from '@mex/flight-recorder';
import type { Gate, GateDenial } from '@mex/gates';
import type { AutomationLevel } from '@mex/governance';
import {
  type AppliedChange,
  applyInRun,
  beginOperation,
  type ChangeSet,
  createRuns,
  diffToChangeSet,
  parseChangeSet,
  type RolledBack,
  type RunActor,
  type RunRefusal,
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
import { RunFlights } from './run-flights.ts';
import { levelFor, runLevel } from './run-level.ts';
import { verifyStep } from './run-steps.ts';

type Operation = string | Uint8Array | object;

/**
 * What a run is opened with; `actor` is by default the caller of the host, `automationLevel` the policy's. One that is
 * looser than policy is recorded as the policy's: a run may leave less to a model, never more (CONTRACT §12).
 */
export type OpenRunRequest = Omit<RunRequest, 'actor'> & Partial<Pick<RunRequest, 'actor'>>;

/** Runs of a home, and what is done in them. Who acts is what the host application has authenticated. */
export interface HostRuns extends Pick<Runs, 'list' | 'show' | 'charge'> {
  /**
   * No new operation begins in it until it is resumed; what runs is let run.
   * @throws MexError `RUN_FOREIGN` for an agent or system that is not its actor, `RUN_NOT_OPEN`, as the next two
   */
  readonly pause: (id: string, by: RunActor, reason?: string) => Promise<RunView>;
  /** Not for an agent: a run that was paused over it is not its to resume. */
  readonly resume: (id: string, by: RunActor, reason?: string) => Promise<RunView>;
  /** For good. What runs in it is ended: at once in this process, within a quarter of a second in others. */
  readonly cancel: (id: string, by: RunActor, reason?: string) => Promise<RunView>;
  /**
   * Applies a change set to the workspace of a run, once it is approved (CONTRACT §12).
   * @throws MexError `APPROVAL_REQUIRED` with the id of the approval that waits, `APPROVAL_LIMIT`, and the refusals of `@mex/runs`
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
  /** The automation level in a run, or outside of any: the stricter one of the run's and the policy's. */
  readonly levelOf: (runId: string | undefined) => AutomationLevel;
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
  const change: typeof runs.change = async (id, step, by, reason) => {
    const { definition } = runs.show(id);
    verifyStep(definition, step, by);
    return runs.change(definition.run_id, step, by, reason);
  };
  return {
    runs: {
      list: runs.list,
      show: runs.show,
      charge: runs.charge,
      pause: (id, by, reason) => change(id, 'pause', by, reason),
      resume: (id, by, reason) => change(id, 'resume', by, reason),
      cancel: async (id, by, reason) => {
        const run = await change(id, 'cancel', by, reason);
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
    open: async ({ automationLevel, ...request }) =>
      runs.open({ ...request, automationLevel: levelFor(governance, automationLevel) }),
    gate: { id: 'G-RUN', pre: (operation, { caller }) => checkRun(runs, operation.context?.run_id, caller) },
    standing: runs.standing,
    levelOf: (runId) => runLevel(governance, runId === undefined ? undefined : runs.find(runId)),
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
  return refusal && denyRun(refusal);
}

function denyRun(refusal: RunRefusal): GateDenial {
  return {
    gate: 'G-RUN',
    kind: 'policy',
    severity: 'error',
    ...refusal,
    remedy: 'Name a run that the operator opened for you, or none.',
    // The operator may still open or resume it.
    retryable: true,
  };
}

/** Counted with the grant, in one transaction: of two that want the last operation, one gets it. */
function chargeOperation(runs: Runs, runId: string | undefined): GrantRecord | undefined {
  if (runId === undefined) return undefined;
  const run = runs.find(runId);
  if (run === undefined) return undefined;
  return {
    events: [],
    companion: (db) => {
      const state = runs.state(runId);
      // Cancelled or paused between the gates and now.
      if (state !== 'open')
        throw new GrantRefused(denyRun({ code: 'RUN_NOT_OPEN', reason: `Run ${runId} is ${state}.` }));
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
