import type { SupplyChainFinding } from '@mex/envelope';
import { bold, dim, type Piece, red, yellow } from '../output/style.ts';
import type { Terminal } from '../output/terminal.ts';
import { plural } from '../output/units.ts';
import { shown } from './shown-text.ts';
import type { ReportedCheck } from './verdict.ts';

/** Rows of each kind; the reports have all. */
const MAX_ROWS = 20;

/** Findings a person can act on: what to upgrade, what to look up, what to revoke. */
export function printFindings(terminal: Terminal, checks: readonly ReportedCheck[]): void {
  for (const { check, report } of checks) {
    if (report === undefined) continue;
    if (check.name === 'vuln') printVulnerabilities(terminal, report.findings);
    if (check.name === 'license') printLicenses(terminal, report.findings);
    if (check.name === 'secret') printSecrets(terminal, report.findings);
  }
}

const RANKS: readonly unknown[] = ['CRITICAL', 'HIGH', 'UNKNOWN', 'MEDIUM', 'LOW', 'NONE', 'INFO'];

function printVulnerabilities(terminal: Terminal, findings: readonly SupplyChainFinding[]): void {
  const open = findings.filter(
    ({ code, properties }) => code !== 'VULN_NOT_CHECKED' && properties?.['suppressed'] === undefined,
  );
  if (open.length === 0) return;
  const rank = ({ properties }: SupplyChainFinding): number => RANKS.indexOf(properties?.['severity']);
  const sorted = open.toSorted((a, b) => rank(a) - rank(b));
  const head = ['severity', 'package', 'installed', 'fixed in', 'advisory', 'pulled in by'].map(dim);
  const rows = sorted
    .slice(0, MAX_ROWS)
    .map(({ properties = {}, title }): Piece[] => [
      levelPiece(properties['severity']),
      bold(shown(properties['package'] ?? title, 60)),
      shown(properties['installed'], 30),
      shown(properties['fixed'] ?? 'no fix', 30),
      shown(properties['advisory'], 40),
      dim(shown(pathText(properties['path']), 100)),
    ]);
  printTable(terminal, plural(open.length, 'vulnerability', 'vulnerabilities'), [head, ...rows], open.length);
}

/** The way from the project to the package: what a person can change is near its beginning. */
function pathText(path: unknown): string {
  return Array.isArray(path) ? path.slice(0, -1).map(String).join(' > ') : '';
}

function levelPiece(level: unknown): Piece {
  const word = shown(level, 20).toLowerCase();
  if (word === 'critical' || word === 'high') return red(word);
  return word === 'unknown' ? red('unrated') : yellow(word);
}

function printLicenses(terminal: Terminal, findings: readonly SupplyChainFinding[]): void {
  const open = findings.filter(({ code, severity }) => code === 'LICENSE_UNKNOWN' || severity === 'error');
  if (open.length === 0) return;
  const head = ['license', 'package', 'why'].map(dim);
  const rows = open.slice(0, MAX_ROWS).map(({ properties = {}, component, title }): Piece[] => {
    const concluded = shown(properties['concluded'] ?? 'UNKNOWN', 40);
    return [concluded === 'UNKNOWN' ? red(concluded) : concluded, bold(shown(component, 60)), dim(reasonOf(title))];
  });
  const title = `${plural(open.length, 'package')} with a license that is unknown or against the policy`;
  printTable(terminal, title, [head, ...rows], open.length);
}

/** The title begins with package and license, which have columns of their own. */
function reasonOf(title: string): string {
  return shown(title.slice(title.indexOf(': ') + 2).replace(/^the license is UNKNOWN; /, ''));
}

function printSecrets(terminal: Terminal, findings: readonly SupplyChainFinding[]): void {
  const open = findings.filter(({ code }) => code === 'SECRET_FOUND');
  if (open.length === 0) return;
  const inHistory = open.some(({ properties }) => properties?.['in_tree'] !== undefined);
  const rows = open.slice(0, MAX_ROWS).map(({ locations, properties = {}, severity }): Piece[] => {
    const [place] = locations;
    const where = `${shown(place?.path, 100)}:${place?.range?.start.line ?? '?'}`;
    const rule = shown(properties['rule'], 40);
    const level = severity === 'error' ? red(rule) : yellow(rule);
    return [
      bold(where),
      level,
      ...(inHistory ? [commitPiece(properties)] : []),
      dim(shown(properties['preview'], 100)),
    ];
  });
  printTable(terminal, plural(open.length, 'secret'), rows, open.length);
}

/** Where a secret came in, and whether it is enough to take it out of the tree. */
function commitPiece({ commit, ref, in_tree }: Readonly<Record<string, unknown>>): Piece {
  if (in_tree === undefined) return dim('not committed');
  const since = typeof commit === 'string' ? shown(commit.slice(0, 12)) : shown(ref, 40);
  return in_tree === true ? dim(since) : yellow(`${since}, no longer in the tree`);
}

function printTable(terminal: Terminal, title: string, rows: readonly Piece[][], count: number): void {
  terminal.line(bold(title));
  terminal.table(rows, { indent: 2 });
  if (count > MAX_ROWS) terminal.line(dim(`  and ${count - MAX_ROWS} more; the report has them all`));
  terminal.line();
}
