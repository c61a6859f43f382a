import { join } from 'node:path';
import type { ConformanceReport } from '@mex/conformance-harness';
import type { Invocation } from '../command.ts';
import { hint } from '../output/hint.ts';
import { dim, green, red, yellow } from '../output/style.ts';
import type { Terminal } from '../output/terminal.ts';
import { formatDuration } from '../output/units.ts';
import type { Certification } from './certify-engine.ts';
import { printReport } from './print-report.ts';

/** One engine of many: a line where all passed, and the whole report where something did not. */
export function printBrief(terminal: Terminal, { report, certificate }: Certification): void {
  if (certificate === undefined) {
    printReport(terminal, report);
    terminal.line(red('Not certified. '), 'One failed or skipped case is one too many; each above says what to do.');
    terminal.line();
    return;
  }
  const { engine, counts, duration_ms } = report;
  const facts = [
    `${counts.passed} passed, ${counts.not_applicable} not applicable`,
    testedTiers(report),
    formatDuration(duration_ms),
  ];
  terminal.line(green('✓ '), `${engine.engine_id} ${engine.engine_version}`, dim(`  ${facts.join('  ')}`));
}

/** How many, until when, where they are, and what to do with them. */
export function printTotal(
  terminal: Terminal,
  invocation: Invocation,
  { home, done, engines }: { home: string; done: readonly Certification[]; engines: number },
): void {
  const signed = done.flatMap(({ certificate }) => (certificate === undefined ? [] : [certificate.standing.expiresAt]));
  const isWhole = signed.length === engines;
  terminal.line();
  const until = signed.length === 0 ? '' : ` until ${new Date(Math.min(...signed)).toISOString().slice(0, 10)}`;
  const count = `${signed.length} of ${engines} engines certified`;
  terminal.line(isWhole ? green(count) : red(count), until);
  for (const line of untested(done)) terminal.line(yellow('  not tested: '), line);
  if (signed.length > 0) terminal.line(dim('  kept in   '), join(home, 'certificates'));
  terminal.line(dim('  see them  '), hint(invocation, 'mex engines list'));
  if (isWhole)
    terminal.line(
      dim('  demand it '),
      `"allow_uncertified_engines": false in ${join(home, 'policy.json')}: then nothing else runs`,
    );
  terminal.line();
}

function testedTiers({ tiers }: ConformanceReport): string {
  return tiers
    .filter(({ state }) => state === 'tested')
    .map(({ name }) => name)
    .join(' and ');
}

/** Tiers that nothing was tested in, each once, and why. */
function untested(done: readonly Certification[]): Set<string> {
  return new Set(
    done.flatMap(({ report }) =>
      report.tiers.flatMap(({ name, state, reason }) =>
        state === 'tested' ? [] : [`${name} (${reason ?? 'not asked for'})`],
      ),
    ),
  );
}
