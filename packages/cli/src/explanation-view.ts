import type { Explanation } from '@mex/host';
import { bold, dim, green, type Piece, red, yellow } from './output/style.ts';
import type { Terminal } from './output/terminal.ts';

const VERDICTS: Readonly<Record<Explanation['verdict'], Piece>> = {
  allowed: green('It would run.'),
  answered: green('It ran before: its recorded result would be the answer.'),
  held: yellow('It would wait for a person.'),
  denied: red('It would be denied.'),
};

const GATES: Readonly<Record<Explanation['gates'][number]['outcome'], Piece>> = {
  pass: green('pass'),
  deny: red('deny'),
  not_asked: dim('not asked'),
};

/** What would become of an operation, for a person. @param tierWhy which line of the policy chose the tier */
export function printExplanation(terminal: Terminal, explanation: Explanation, tierWhy: string): void {
  const { engine_id, engine_version = '', operation, op_id, caller, policy } = explanation;
  terminal.line(bold(`${engine_id} ${operation}`), dim(`  ${engine_version}  op ${op_id}`));
  terminal.line(
    dim('  for '),
    caller.id,
    dim('  under '),
    policy.source,
    dim(` sha256 ${policy.sha256.slice(0, 12)}…`),
  );
  terminal.line();
  printGates(terminal, explanation);
  printCapabilities(terminal, explanation);
  printTier(terminal, explanation, tierWhy);
  printApproval(terminal, explanation);
  printBudget(terminal, explanation);
  terminal.line(VERDICTS[explanation.verdict]);
  const { reason } = explanation;
  if (reason === undefined) return;
  terminal.line('  ', reason.message, dim(` (${reason.code})`));
  terminal.line('  → ', reason.remedy);
}

function printGates(terminal: Terminal, { gates }: Explanation): void {
  terminal.line(bold('Gates'));
  terminal.table(
    gates.map(({ gate, outcome, code = '', reason = '' }) => [GATES[outcome], gate, code, reason]),
    { indent: 2 },
  );
}

function printCapabilities(terminal: Terminal, { capabilities, profile }: Explanation): void {
  terminal.line(
    bold('Capabilities'),
    dim(`  profile ${profile.id}${profile.capabilities === null ? ', unknown' : ''}`),
  );
  terminal.table(
    capabilities.map(({ allowed, capability_id, why }) => [
      allowed ? green('allow') : red('deny'),
      capability_id,
      dim(why),
    ]),
    { indent: 2 },
  );
  if (capabilities.length === 0) terminal.line(dim('  it asks for none'));
}

const TIERS = { available: green('available'), unavailable: red('not available'), not_tried: dim('not tried') };

function printTier(terminal: Terminal, { tier }: Explanation, why: string): void {
  if (tier === null) return;
  terminal.line(bold('Tier '), `${tier.asked}, `, TIERS[tier.state], dim(`  ${why}`));
}

function printApproval(terminal: Terminal, { approval }: Explanation): void {
  if (approval === null) {
    terminal.line(bold('Approval '), dim('no rule asks for one'));
    return;
  }
  const { state, rule, reason, decided_by, approvals_needed, approvers, approval_id } = approval;
  terminal.line(
    bold('Approval '),
    state.replace('_', ' '),
    dim(`  governance.approvals[${rule}]: `),
    reason,
    dim(`  ${decided_by}`),
  );
  const who = approvers.length === 0 ? 'any person' : approvers.join(', ');
  terminal.line(dim(`  takes ${approvals_needed} of ${who}${approval_id === undefined ? '' : `; ${approval_id}`}`));
}

function printBudget(terminal: Terminal, { budget }: Explanation): void {
  if (budget.length === 0) return;
  terminal.line(bold('Budget'));
  terminal.table(
    budget.map(({ field, value, from, ceiling, ceiling_from, over }): Piece[] => [
      field,
      over ? red(String(value)) : String(value),
      dim(`of ${ceiling} (${ceiling_from})`),
      dim(from),
    ]),
    { indent: 2, right: [1] },
  );
}
