import { bold, dim, green, type Piece, red, yellow } from '../output/style.ts';
import type { Terminal } from '../output/terminal.ts';
import { formatDuration, plural } from '../output/units.ts';
import type { Examination, TierVerdict } from './examination.ts';
import type { Finding, FindingState } from './finding.ts';
import type { AttemptReport, WallReport } from './tier-report.ts';

/** Words, not colours, carry the verdict. */
const LABELS: Readonly<Record<FindingState, Piece>> = {
  good: green('ok      '),
  bad: red('FAILED  '),
  warning: yellow('warning '),
  note: dim('note    '),
};

const WALLS: Readonly<Record<WallReport['wall'], string>> = {
  jail: 'jail (what the kernel holds, around a Node with all its powers)',
  realm: 'realm (a JavaScript world without powers)',
};

/** What `mex doctor` found, for a person. */
export function printExamination(terminal: Terminal, examination: Examination): void {
  const { tiers, control, findings } = examination;
  for (const tier of tiers) if (tier.walls.length > 0 || tier.asked_for_by.length > 0) printTier(terminal, tier);
  if (!control.ran) {
    terminal.line(
      LABELS.warning,
      'nothing to compare with: ',
      control.failure ?? '',
      dim(' (attempts without a sandbox)'),
    );
    terminal.line();
  }
  printEngines(terminal, examination);
  printFindings(terminal, 'Machine', findings.machine);
  printFindings(terminal, 'Policy', findings.policy);
  printFindings(terminal, 'Home', findings.home);
  printVerdict(terminal, examination);
}

function printTier(terminal: Terminal, tier: TierVerdict): void {
  const { proven, asked_for_by: asked, walls, missing, remedy, promises } = tier;
  const needed = asked.length > 0;
  const label = proven ? LABELS.good : needed ? LABELS.bad : LABELS.note;
  const attempts = walls.flatMap((wall) => wall.attempts);
  const stopped = attempts.filter((attempt) => attempt.stopped).length;
  const count = attempts.length === 0 ? '' : `: ${stopped} of ${plural(attempts.length, 'attempt')} stopped`;
  terminal.line(label, bold(`tier ${tier.tier}`), proven ? ' proven just now' : ' NOT available', count);
  if (missing !== undefined) terminal.line('        ', missing);
  if (remedy !== undefined) terminal.line('        → ', remedy);
  if (!proven) terminal.line('        What asks for it is denied, and never run in a weaker tier.');
  for (const by of asked) terminal.line(dim('        asked for by '), by);
  if (!needed) terminal.line(dim('        nothing in the policy asks for it'));
  for (const promise of promises) terminal.line(dim('        · '), promise);
  for (const wall of walls) printWall(terminal, wall);
  terminal.line();
}

function printWall(terminal: Terminal, { wall, attempts, ms }: WallReport): void {
  if (attempts.length === 0) return;
  terminal.line('        ', WALLS[wall], dim(`, ${formatDuration(ms)}`));
  terminal.table([['', 'attempt', 'stopped by', 'without a sandbox'].map(dim), ...attempts.map(attemptRow)], {
    indent: 8,
  });
}

function attemptRow({ name, stopped, by, without_sandbox: without }: AttemptReport): Piece[] {
  const plain = without === 'fails too' ? yellow('fails too: proves little') : dim(without);
  return [stopped ? green('stopped') : red('GOT OUT'), name, by, plain];
}

function printEngines(terminal: Terminal, { engines, disabled }: Examination): void {
  terminal.line(bold('Engines'));
  terminal.table(
    engines.map(({ engine_id, engine_version, tier, why, would_run }): Piece[] => [
      would_run ? LABELS.good : LABELS.bad,
      engine_id,
      engine_version,
      would_run ? tier : `${tier}, not available: denied`,
      dim(why),
    ]),
  );
  for (const { engine_id, code, message } of disabled) {
    terminal.line(LABELS.warning, engine_id, ' is disabled: ', message, dim(` (${code})`));
  }
  terminal.line();
}

function printFindings(terminal: Terminal, title: string, findings: readonly Finding[]): void {
  if (findings.length === 0) return;
  terminal.line(bold(title));
  for (const { what, state, text, remedy } of findings) {
    terminal.line(LABELS[state], dim(`${what.padEnd(12)} `), text);
    if (remedy !== undefined) terminal.line('        → ', remedy);
  }
  terminal.line();
}

function printVerdict(terminal: Terminal, { ok, tiers, findings }: Examination): void {
  const lacking = tiers.filter((tier) => !tier.proven && tier.asked_for_by.length > 0).map(({ tier }) => tier);
  const all = Object.values(findings).flat();
  const failed = all.filter((finding) => finding.state === 'bad').length;
  const warnings = all.filter((finding) => finding.state === 'warning').length;
  const more = warnings === 0 ? '' : `, with ${plural(warnings, 'warning')}`;
  if (ok) {
    terminal.line(green('Every tier that policy asks for holds on this machine'), `${more}.`);
    return;
  }
  const parts = [
    ...(lacking.length === 0 ? [] : [`policy asks for a tier that does not hold here: ${lacking.join(', ')}`]),
    ...(failed === 0 ? [] : [plural(failed, 'other failure')]),
  ];
  terminal.line(red('Not well: '), parts.join('; '), `${more}.`);
}
