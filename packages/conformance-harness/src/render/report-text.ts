import { stripControl as clean } from '@mex/guard';
import type { CaseResult, CaseStatus, ConformanceReport, Finding } from '../report.ts';

/** What stands before a case, and how a terminal colours it. */
const MARKS: Readonly<Record<CaseStatus, { readonly sign: string; readonly sgr: string }>> = {
  passed: { sign: '✓', sgr: '32' },
  failed: { sign: '✗', sgr: '31' },
  expected_failure: { sign: '!', sgr: '33' },
  skipped: { sign: '–', sgr: '33' },
  not_applicable: { sign: '·', sgr: '90' },
};

/** A place in words: `in the process tier, sbom.generate, vector empty-tree, at input.read`. */
export function placeText({ tier, operation, vector, at }: Finding['where']): string {
  const parts = [
    tier === undefined ? undefined : `${tier} tier`,
    operation,
    vector === undefined ? undefined : `vector ${vector}`,
    at,
  ];
  return parts.filter((part) => part !== undefined).join(', ');
}

/** For a terminal: a line a case, and what is wrong below it. @param color whether to use colours (`NO_COLOR`) */
export function renderText(report: ConformanceReport, { color = false }: { readonly color?: boolean } = {}): string {
  const paint = (text: string, sgr: string): string => (color ? `\u001b[${sgr}m${text}\u001b[0m` : text);
  const lines = report.cases.flatMap((one) => [
    `${paint(MARKS[one.status].sign, MARKS[one.status].sgr)} ${one.id.padEnd(14)} ${clean(one.title + suffix(one))}`,
    ...one.findings.flatMap((finding) => [
      `    ${clean(finding.what)}`,
      `      where:  ${clean(placeText(finding.where)) || 'the engine as a whole'}`,
      `      remedy: ${clean(finding.remedy)}`,
    ]),
    ...(one.more_findings === 0 ? [] : [`    and ${one.more_findings} more`]),
  ]);
  const { engine_id, engine_version } = report.engine;
  const head = `${engine_id} ${engine_version} · ${describeTiers(report)} · ${report.vectors.golden} golden and ${report.vectors.reject} reject vectors`;
  const verdict = paint(report.verdict === 'passed' ? 'passed' : 'failed', report.verdict === 'passed' ? '32' : '31');
  return `${[clean(head), '', ...lines, '', `${verdict}: ${clean(countText(report))}`].join('\n')}\n`;
}

function suffix({ status, reason }: CaseResult): string {
  if (status === 'expected_failure') return ' (may fail for now)';
  return reason === undefined ? '' : `: ${reason}`;
}

export function describeTiers({ tiers }: ConformanceReport): string {
  return tiers
    .map(({ name, state, reason }) =>
      state === 'tested' ? name : `${name} ${state.replace('_', ' ')}${reason ? ` (${reason})` : ''}`,
    )
    .join(', ');
}

/** The figures in a sentence. */
export function countText({ counts, operations, duration_ms, complete }: ConformanceReport): string {
  const parts = [
    `${counts.passed} passed`,
    `${counts.failed} failed`,
    ...(counts.expected_failure === 0 ? [] : [`${counts.expected_failure} may fail for now`]),
    ...(counts.skipped === 0 ? [] : [`${counts.skipped} skipped`]),
    `${counts.not_applicable} not applicable`,
  ];
  const partial = complete ? '' : '; not all cases were asked for, so there is no certificate';
  return `${parts.join(', ')}; ${operations} operations in ${(duration_ms / 1_000).toFixed(1)} s${partial}`;
}
