import { randomUUID } from 'node:crypto';
import { canonicalJson, MexError, parseStrictJson } from '@mex/envelope';
import { digestJson } from '@mex/envelope/digest';
import { type DecisionRequest, decide, targetRef } from '@mex/governance';
import { redactJson } from '@mex/guard';
import {
  type Alongside,
  type ChangeSet,
  type PathState,
  type PreparedChange,
  type RunView,
  showChange,
} from '@mex/runs';
import type { HoldCode } from '../governance/approval-denial.ts';
import { approvalDenial } from '../governance/approval-denial.ts';
import { subjectRef } from '../governance/approval-view.ts';
import { AlreadyAsked, recordUse } from '../governance/decision-tables.ts';
import type { ApprovalRule, GovernancePolicy } from '../governance/governance-policy.ts';
import type { InboxParts } from '../governance/inbox.ts';

/** How rules of `governance.approvals` name the step: `{"when": {"operation": "change_set.apply"}, …}`. */
const APPLY = 'change_set.apply';

/** Without a rule of its own: a person decides, unless the operator's table says otherwise for this gate. */
const DEFAULT_RULE: ApprovalRule = {
  when: { operation: APPLY },
  gateType: 'ScopeChange',
  approvals: 1,
  approvers: [],
  reason: 'A change set is to be applied to a workspace.',
};

/** What is shown of a change at most: files, and lines of all of them. The rest is told by hash and count. */
const MAX_SHOWN = 500;
const MAX_LINES = 1_000;
/** Of one file, as long as there is room. */
const MAX_FILE_LINES = 60;

/**
 * The approval of exactly one change set, for exactly one workspace and run; spent in the transaction that begins the
 * change (CONTRACT §12). Without one it is put up for decision.
 * @throws MexError `APPROVAL_REQUIRED`, `APPROVAL_REJECTED`, `GOVERNANCE_LOCKED`
 */
export async function approveChange(
  policy: GovernancePolicy,
  inbox: InboxParts,
  { run, set, prepared, changeId }: { run: RunView; set: ChangeSet; prepared: PreparedChange; changeId: string },
): Promise<Alongside> {
  const { run_id: runId, actor } = run.definition;
  const rule = findApplyRule(policy, actor.id);
  const target = targetRef('change_set', digestOf(run, prepared));
  const binding = { gateType: rule.gateType, targetRef: target, usedBy: changeId, runId };
  if (policy.automationLevel === 'LOCKED') throw refusal('GOVERNANCE_LOCKED', randomUUID());
  let asked: Refused | undefined;
  for (const id of inbox.tables.find({ targetRef: target, kindRef: target, usedBy: changeId, now: Date.now() })) {
    const found = await tryUse(inbox, id, binding, rule);
    if ('companion' in found) return found;
    asked ??= found.code === undefined ? undefined : found;
  }
  if (asked?.code !== undefined) throw refusal(asked.code, asked.approvalId);
  const request = { ...describe(run, set, prepared, rule, target), lastsMs: policy.requestLastsMs };
  const decisionId = await ask(inbox, request, binding);
  const { kind } = decide(rule.gateType, policy.automationLevel, 0, policy.table);
  if (kind !== 'auto') throw refusal('APPROVAL_REQUIRED', decisionId);
  const used = await tryUse(inbox, decisionId, binding, rule);
  if ('companion' in used) return used;
  throw refusal('APPROVAL_REQUIRED', decisionId);
}

function digestOf({ definition }: RunView, { changeSetSha256, workspace }: PreparedChange): string {
  return digestJson({ change_set: changeSetSha256, workspace, run_id: definition.run_id, actor: definition.actor.id });
}

function findApplyRule({ approvals }: GovernancePolicy, actorId: string): ApprovalRule {
  const fits = ({ when }: ApprovalRule): boolean =>
    when.operation === APPLY &&
    when.engine === undefined &&
    when.capability === undefined &&
    (when.actor === undefined || when.actor === actorId);
  return approvals.find(fits) ?? DEFAULT_RULE;
}

interface Refused {
  readonly code: HoldCode | undefined;
  readonly approvalId: string;
}

async function tryUse(
  { decisions }: InboxParts,
  approvalId: string,
  binding: Parameters<InboxParts['decisions']['prepare']>[1],
  rule: ApprovalRule,
): Promise<Alongside | Refused> {
  try {
    const { state, subject, answers } = decisions.view(approvalId);
    if (subject.gateType !== rule.gateType) return { code: undefined, approvalId };
    if (state === 'pending') return { code: 'APPROVAL_REQUIRED', approvalId };
    if (state === 'rejected') return { code: 'APPROVAL_REJECTED', approvalId };
    const people = answers.filter(({ verdict }) => verdict === 'approve').map(({ userId }) => userId);
    const counted = new Set(people.filter((id) => rule.approvers.length === 0 || rule.approvers.includes(id)));
    // Approved when less was asked for.
    if (subject.outcome !== 'auto' && counted.size < rule.approvals) return { code: undefined, approvalId };
    const use = await decisions.prepare(approvalId, binding);
    return {
      events: [use.event],
      companion: (db) => {
        if (recordUse(db, use) !== 'recorded') throw refusal('APPROVAL_REQUIRED', approvalId);
      },
    };
  } catch (error) {
    // A decision that does not hold is none; the next one may.
    if (error instanceof MexError && error.code.startsWith('GOVERNANCE_')) return { code: undefined, approvalId };
    throw error;
  }
}

/** When somebody else asked in this moment, theirs is the one that waits. */
async function ask(
  { decisions, tables }: InboxParts,
  request: DecisionRequest,
  { targetRef: target, usedBy }: { targetRef: string; usedBy: string },
): Promise<string> {
  try {
    return (await decisions.request(request)).subject.decisionId;
  } catch (error) {
    const [known] = tables.find({ targetRef: target, kindRef: target, usedBy, now: Date.now() });
    if (!(error instanceof AlreadyAsked) || known === undefined) throw error;
    return known;
  }
}

function describe(
  { definition }: RunView,
  { title }: ChangeSet,
  prepared: PreparedChange,
  rule: ApprovalRule,
  target: string,
): DecisionRequest {
  const detail = {
    title: title ?? null,
    workspace: prepared.workspace,
    change_set_sha256: prepared.changeSetSha256,
    changed_lines: prepared.changedLines,
    formatting_only: prepared.formattingOnly,
    paths: prepared.moves.length,
    changes: showMoves(prepared),
  };
  return {
    decisionId: randomUUID(),
    gateType: rule.gateType,
    targetRef: target,
    detail: canonicalJson(redactJson(parseStrictJson(canonicalJson(detail)))),
    // The planner's word on itself is no evidence (CONTRACT §2).
    confidence: 0,
    rationale: rule.reason,
    evidenceRefs: [subjectRef('mex', APPLY), `change_set:${prepared.changeSetSha256}`],
    actor: { id: definition.actor.id, kind: definition.actor.kind },
    runId: definition.run_id,
    approvals: rule.approvals,
    approvers: rule.approvers,
  };
}

/** Path by path what goes and what comes, with the lines themselves as far as they fit. */
function showMoves({ moves, files, contents }: PreparedChange): object[] {
  const lines = new Map(files.map((file) => [file.path, file.lines.changed]));
  let room = MAX_LINES;
  return moves.slice(0, MAX_SHOWN).map(({ path, from, to }) => {
    const bytesOf = (state: PathState) => (state?.kind === 'file' ? contents.get(state.sha256) : undefined);
    const isFile = from?.kind === 'file' || to?.kind === 'file';
    const diff = isFile && room > 0 ? showChange(bytesOf(from), bytesOf(to), Math.min(room, MAX_FILE_LINES)) : [];
    room -= diff.length;
    return { path, before: nameState(from), after: nameState(to), lines: lines.get(path) ?? 0, diff };
  });
}

function nameState(state: PathState): string {
  if (state === null) return 'nothing';
  return state.kind === 'file' ? `0${state.mode.toString(8)} ${state.sha256}` : 'directory';
}

function refusal(code: HoldCode, approvalId: string): MexError {
  const { reason, remedy } = approvalDenial({ code, approvalId, asked: true });
  return new MexError({ code, kind: 'policy', message: reason, remedy, retryable: code === 'APPROVAL_REQUIRED' });
}
