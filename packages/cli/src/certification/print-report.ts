import type { CaseResult, ConformanceReport, Finding } from '@mex/conformance-harness';
import { bold, dim, green, red, yellow } from '../output/style.ts';
import type { Terminal } from '../output/terminal.ts';
import { formatDuration, plural } from '../output/units.ts';

/** A report for a person: one line an area, and everything that is wrong with what to do about it. */
export function printReport(terminal: Terminal, report: ConformanceReport): void {
  const { engine, harness, tiers, counts } = report;
  const tested = tiers.filter(({ state }) => state === 'tested').map(({ name }) => name);
  terminal.line(bold(engine.engine_id), ` ${engine.engine_version}`, dim(`  sha256 ${engine.bundle_sha256}`));
  terminal.line(
    dim(
      `  ${report.contract_version}, harness ${harness.version}, ${tested.join(' and ')}; ${plural(report.operations, 'operation')} in ${formatDuration(report.duration_ms)}`,
    ),
  );
  for (const { name, state, reason } of tiers)
    if (state !== 'tested') terminal.line(yellow('  not tested: '), `${name} (${reason ?? 'not asked for'})`);
  terminal.line();
  for (const [area, cases] of byArea(report.cases)) printArea(terminal, area, cases);
  terminal.line();
  const skipped = counts.skipped === 0 ? '' : `, ${counts.skipped} skipped`;
  const expected = counts.expected_failure === 0 ? '' : `, ${counts.expected_failure} failed as expected`;
  terminal.line(
    `${counts.passed} passed, ${counts.failed} failed${expected}${skipped}, ${counts.not_applicable} not applicable`,
  );
}

function byArea(cases: readonly CaseResult[]): ReadonlyMap<string, CaseResult[]> {
  const areas = new Map<string, CaseResult[]>();
  for (const one of cases) areas.set(one.area, [...(areas.get(one.area) ?? []), one]);
  return areas;
}

function printArea(terminal: Terminal, area: string, cases: readonly CaseResult[]): void {
  const bad = cases.filter(({ status }) => status !== 'passed' && status !== 'not_applicable');
  const asked = cases.filter(({ status }) => status !== 'not_applicable').length;
  const mark = bad.length > 0 ? red('✗') : asked === 0 ? dim('–') : green('✓');
  const passed = cases.filter(({ status }) => status === 'passed').length;
  terminal.line('  ', mark, ` ${area}  `, dim(asked === 0 ? 'not applicable' : `${passed} of ${asked}`));
  for (const one of bad) printCase(terminal, one);
}

function printCase(
  terminal: Terminal,
  { id, title, clause, status, reason, findings, more_findings }: CaseResult,
): void {
  terminal.line('      ', status === 'skipped' ? yellow(id) : red(id), ` ${title}`, dim(`  ${clause}, ${status}`));
  if (reason !== undefined) terminal.line('        ', reason);
  for (const finding of findings) printFinding(terminal, finding);
  if (more_findings > 0) terminal.line(dim(`        and ${more_findings} more`));
}

function printFinding(terminal: Terminal, { what, where, remedy }: Finding): void {
  const place = [where.tier, where.operation, where.vector, where.at].filter((part) => part !== undefined).join(', ');
  terminal.line('        ', what, dim(place === '' ? '' : `  (${place})`));
  terminal.line('        → ', remedy);
}
