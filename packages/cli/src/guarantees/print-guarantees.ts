import { bold, dim, green, type Piece, red, yellow } from '../output/style.ts';
import type { Terminal } from '../output/terminal.ts';
import type { GuaranteeReport } from './examine-guarantees.ts';
import type { GuaranteeState } from './guarantee.ts';

/** Words, not colours, carry the verdict. */
const STATES: Readonly<Record<GuaranteeState, Piece>> = {
  holds: green('holds'),
  fails: red('FAILS'),
  not_checked: yellow('NOT CHECKED'),
  not_applicable: dim('nothing to check'),
};

/**
 * What `mex guarantees` found, for a person.
 * @param policyCheck the command line that says what is wrong with the policy of this home
 */
export function printGuarantees(terminal: Terminal, report: GuaranteeReport, policyCheck: string): void {
  const { guarantees, workspace, home, policy, tier } = report;
  for (const { id, title, state, of, evidence, note } of guarantees) {
    terminal.line(bold(id), '  ', STATES[state], '  ', bold(title), dim(`  of this ${of}`));
    for (const { checked, how, result, held } of evidence) {
      terminal.line('     ', held ? green('ok    ') : red('FAILED'), ' ', checked, ': ', result, dim(`  (${how})`));
    }
    if (note !== undefined) terminal.line('     ', note);
  }
  terminal.line();
  terminal.line(dim('workspace '), workspace, dim('  home '), home, dim('  policy '), policy.source);
  terminal.line(dim(`tried in the ${tier} tier; mex doctor tries all of them`));
  const lines = guarantees.filter(({ state }) => state === 'fails' || state === 'not_checked').map(({ id }) => id);
  if (report.ok) terminal.line(green('Every guarantee that is about something here holds.'));
  else if (lines.length === 0) terminal.line(red('The policy of this home cannot be used: '), policyCheck);
  else terminal.line(red('Not held, or not checked: '), lines.join(', '));
}
