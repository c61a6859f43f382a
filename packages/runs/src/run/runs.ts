import { randomUUID } from 'node:crypto';
import { isAbsolute } from 'node:path';
import type { FlightEvent } from '@mex/envelope';
import { newEventId } from '@mex/flight-recorder';
import { redact, stripControl } from '@mex/guard';
import { type ChangeBudget, DEFAULT_CHANGE_BUDGET } from '../change-set/change-budget.ts';
import { ChangeRefusal } from '../errors.ts';
import type { RunActor } from '../workspace/change-events.ts';
import type { ChangePowers } from '../workspace/change-powers.ts';
import { ChangeJournal, type ChangeRow } from '../workspace/journal.ts';
import {
  definitionDigest,
  parseDefinition,
  RUN_BUDGET_FIELDS,
  type RunBudget,
  verifyDefinition,
} from './run-definition.ts';
import { findExhausted, type RunRefusal, type RunState, type RunView, TRANSITIONS } from './run-standing.ts';
import { addUsage, NOTHING_SPENT, type RunRow, RunTables } from './run-tables.ts';

/** What the operator, or the host application for them, opens a run with. */
export interface RunRequest {
  /** Who works in it. */
  readonly actor: RunActor;
  readonly budget?: RunBudget;
  /** Default: 100 files, 500 lines a file. */
  readonly changeBudget?: Partial<ChangeBudget>;
  /** Absolute path of the directory that its change sets change. */
  readonly workspace?: string;
  /** Kept as it is given; whoever decides in the run reads it (CONTRACT §12). Default `FULL_HUMAN`. */
  readonly automationLevel?: string;
  /** Default a new one. */
  readonly runId?: string;
}

/** One call of a model, as the caller reports it: FR-EVT-006. */
export interface ModelCharge {
  readonly model_id: string;
  readonly tokens: { readonly input: number; readonly output: number };
  readonly prompt_sha256: string;
  readonly response_sha256: string;
  readonly latency_ms?: number;
  readonly trace_id?: string;
}

/** Runs of a home: groups of operations with one actor, one budget, and a workspace that can be put back. */
export interface Runs {
  /** @throws MexError `RUN_INVALID`, `POLICY_BUDGET_MISSING` where policy requires a budget and a field is missing */
  readonly open: (request: RunRequest) => Promise<RunView>;
  /** @param id whole, or its first 8 characters or more. @throws MexError `RUN_NOT_FOUND`, `RUN_TAMPERED` */
  readonly show: (id: string) => RunView & { readonly changes: readonly ChangeRow[] };
  /** The newest first; one that the log does not prove is left out. */
  readonly list: (limit?: number) => RunView[];
  /** @throws MexError `RUN_NOT_FOUND`, `RUN_NOT_OPEN`, `RUN_TAMPERED` */
  readonly change: (id: string, step: keyof typeof TRANSITIONS, by: RunActor, reason?: string) => Promise<RunView>;
  /** Records a call of a model. What is spent is spent: the next operation is denied when the budget is used up. */
  readonly charge: (id: string, charge: ModelCharge) => Promise<RunView>;
  /** Why this actor may not work in this run now; nothing when it may, but for the budget. */
  readonly refusal: (runId: string, actorId: string) => RunRefusal | undefined;
  /** As the log has it, also inside a transaction of the home; of a run nobody opened it says `open`. */
  readonly state: (runId: string) => RunState;
  /** The run with exactly this id, if the log proves it. */
  readonly find: (runId: string) => RunView | undefined;
  /** When its time is up, in ms since 1970, if it has an end. */
  readonly deadline: (runId: string) => number | undefined;
  /** For the gates (CONTRACT §9): a run without any limit counts as none. */
  readonly standing: (runId: string) => 'absent' | 'ok' | { readonly exhausted: string };
}

export interface RunsOptions extends Pick<ChangePowers, 'recorder' | 'now'> {
  /** `prod`: a run needs a whole budget. */
  readonly requireBudget: boolean;
}

const LIST_LIMIT = 100;

export function createRuns(options: RunsOptions): Runs {
  const { recorder } = options;
  const tables = new RunTables(recorder);
  const { now = Date.now } = options;
  const view = (runId: string): RunView => {
    const row = tables.get(runId);
    if (row === undefined) throw notFound(runId);
    return proveRun(recorder, row);
  };
  const find = (id: string): RunView => view(completeId(tables, id));
  const exact = (runId: string): RunView | undefined => tryProve(recorder, tables.get(runId));
  return {
    open: (request) => openRun(tables, request, options, now()),
    show: (id) => {
      const run = find(id);
      return { ...run, changes: new ChangeJournal(recorder).ofRun(run.definition.run_id) };
    },
    list: (limit = LIST_LIMIT) => tables.list(limit).flatMap((row) => tryProve(recorder, row) ?? []),
    change: async (id, step, by, reason = '') => {
      const run = find(id);
      const { from, to } = TRANSITIONS[step];
      const states: readonly RunState[] = from;
      const { run_id } = run.definition;
      if (!states.includes(run.state)) throw notOpen(run_id, run.state);
      const body = { run_id, from: run.state, to, reason: redact(stripControl(reason)).slice(0, 1_000) };
      const event: FlightEvent = { ...stamp(run_id, by, now()), type: 'system', subject: 'run.state_changed', body };
      // Two may want it at once: of a cancellation and a resumption that saw the run paused, the later one is refused.
      await recorder.append([event], () => {
        const before = stateOf(recorder, run_id, 1);
        if (!states.includes(before)) throw notOpen(run_id, before);
      });
      return view(run_id);
    },
    charge: async (id, charge) => {
      const { definition } = find(id);
      const event = chargeEvent(definition.run_id, definition.actor, charge, now());
      const { input, output } = charge.tokens;
      await recorder.append([event], (db) =>
        addUsage(db, definition.run_id, { llm_calls: 1, llm_tokens: input + output }),
      );
      return view(definition.run_id);
    },
    refusal: (runId, actorId) => refuseWork(() => view(runId), runId, actorId),
    find: exact,
    state: (runId) => stateOf(recorder, runId),
    deadline: (runId) => {
      const { budget, opened_at } = exact(runId)?.definition ?? {};
      const limit = budget?.max_runtime_s;
      return limit === undefined || opened_at === undefined ? undefined : Date.parse(opened_at) + limit * 1_000;
    },
    standing: (runId) => {
      const run = exact(runId);
      if (run === undefined) return 'absent';
      if (Object.keys(run.definition.budget).length === 0) return 'absent';
      const exhausted = findExhausted(run, now());
      return exhausted === undefined ? 'ok' : { exhausted };
    },
  };
}

async function openRun(
  tables: RunTables,
  request: RunRequest,
  { requireBudget }: RunsOptions,
  now: number,
): Promise<RunView> {
  const { actor, budget = {}, workspace, changeBudget } = request;
  const missing = RUN_BUDGET_FIELDS.filter((field) => budget[field] === undefined);
  if (requireBudget && missing.length > 0) {
    const message = `Policy requires a whole run budget; this one lacks ${missing.join(', ')}.`;
    throw new ChangeRefusal('POLICY_BUDGET_MISSING', message);
  }
  if (workspace !== undefined && !isAbsolute(workspace)) {
    throw new ChangeRefusal('RUN_INVALID', `The workspace ${JSON.stringify(workspace)} is no absolute path.`);
  }
  const definition = verifyDefinition({
    schema_version: 'mex.run@1.0',
    run_id: request.runId ?? randomUUID(),
    actor: { kind: actor.kind, id: actor.id },
    automation_level: request.automationLevel ?? 'FULL_HUMAN',
    workspace: workspace ?? null,
    budget,
    change_budget: { ...DEFAULT_CHANGE_BUDGET, ...changeBudget },
    opened_at: new Date(now).toISOString(),
  });
  const { run_id, automation_level } = definition;
  const body = { run_id, actor_id: actor.id, automation_level, run_sha256: definitionDigest(definition) };
  if (tables.get(run_id) !== undefined) throw new ChangeRefusal('RUN_INVALID', `There is a run ${run_id} already.`);
  await tables.insert(definition, [{ ...stamp(run_id, actor, now), type: 'system', subject: 'run.opened', body }]);
  return { definition, state: 'open', usage: NOTHING_SPENT };
}

/** The row says where to look; the log says what the run is and how it stands. @throws MexError `RUN_TAMPERED` */
function proveRun(recorder: ChangePowers['recorder'], row: RunRow): RunView {
  const definition = parseDefinition(row.definition);
  const opened = recorder.list({ op: row.runId, type: 'system', subject: 'run.opened', limit: 1 })[0]?.event;
  const isOpened = opened?.type === 'system' && opened.subject === 'run.opened';
  if (!isOpened || definition.run_id !== row.runId || opened.body.run_sha256 !== definitionDigest(definition)) {
    throw new ChangeRefusal('RUN_TAMPERED', `Run ${row.runId} is not the one that the log names.`);
  }
  return { definition, state: stateOf(recorder, row.runId), usage: row.usage };
}

function tryProve(recorder: ChangePowers['recorder'], row: RunRow | undefined): RunView | undefined {
  try {
    return row === undefined ? undefined : proveRun(recorder, row);
  } catch (error) {
    if (error instanceof ChangeRefusal) return undefined;
    throw error;
  }
}

const STATES: readonly RunState[] = ['open', 'paused', 'cancelled', 'closed'];

/** @param skip the newest changes to leave out, e.g. one that is being recorded */
function stateOf(recorder: ChangePowers['recorder'], runId: string, skip = 0): RunState {
  const query = { op: runId, type: 'system', subject: 'run.state_changed', order: 'newest', limit: skip + 1 } as const;
  const event = recorder.list(query)[skip]?.event;
  if (event?.type !== 'system' || event.subject !== 'run.state_changed') return 'open';
  // A state that nobody knows is none to work in.
  return STATES.find((state) => state === event.body.to) ?? 'closed';
}

function refuseWork(view: () => RunView, runId: string, actorId: string): RunRefusal | undefined {
  try {
    const { definition, state } = view();
    if (definition.actor.id !== actorId) {
      return { code: 'RUN_FOREIGN', reason: `Run ${runId} belongs to another actor.` };
    }
    return state === 'open' ? undefined : { code: 'RUN_NOT_OPEN', reason: `Run ${runId} is ${state}.` };
  } catch (error) {
    if (!(error instanceof ChangeRefusal)) throw error;
    return { code: error.code === 'RUN_NOT_FOUND' ? 'RUN_NOT_FOUND' : 'RUN_TAMPERED', reason: error.message };
  }
}

function stamp(runId: string, { kind, id }: RunActor, now: number) {
  return {
    event_id: newEventId(now),
    timestamp: new Date(now).toISOString(),
    actor: { kind, id },
    activity_span_id: runId,
    session_span_id: runId,
  };
}

function chargeEvent(runId: string, actor: RunActor, charge: ModelCharge, now: number): FlightEvent {
  return {
    ...stamp(runId, actor, now),
    type: 'llm_inference',
    trace_id: charge.trace_id ?? runId,
    model_id: charge.model_id,
    token_usage: { input: charge.tokens.input, output: charge.tokens.output },
    latency_ms: charge.latency_ms ?? 0,
    prompt_hash: charge.prompt_sha256,
    response_hash: charge.response_sha256,
  };
}

/** An id as a person writes it: its beginning will do when only one begins so. */
function completeId(tables: RunTables, text: string): string {
  if (!/^[0-9a-f-]{8,35}$/.test(text)) return text;
  const [first, second] = tables.complete(text);
  if (first === undefined || second === undefined) return first ?? text;
  throw new ChangeRefusal('RUN_INVALID', `Several runs begin with ${text}.`);
}

function notFound(runId: string): ChangeRefusal {
  return new ChangeRefusal('RUN_NOT_FOUND', `There is no run ${JSON.stringify(runId.slice(0, 64))}.`);
}

export function notOpen(runId: string, state: RunState): ChangeRefusal {
  return new ChangeRefusal('RUN_NOT_OPEN', `Run ${runId} is ${state}.`);
}
