import type { CaseResult, ConformanceReport } from '../report.ts';
import { placeText } from './report-text.ts';

/** Everything XML 1.0 has no place for is replaced, also as a reference. */
function xml(text: string): string {
  return text
    .toWellFormed()
    .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
    .replace(/[&<>"'\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}

const seconds = (ms: number): string => (ms / 1_000).toFixed(3);

/** JUnit XML, as CI systems read it: a suite an area. What does not apply is `skipped` with its reason. */
export function renderJunit(report: ConformanceReport): string {
  const areas = Map.groupBy(report.cases, ({ area }) => area);
  const suites = [...areas].map(([area, cases]) => suite(area, cases, report));
  const { length } = report.cases;
  const totals = `tests="${length}" failures="${report.counts.failed + report.counts.expected_failure}" errors="0" skipped="${report.counts.skipped + report.counts.not_applicable}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="${xml(`MEX conformance of ${report.engine.engine_id}`)}" ${totals} time="${seconds(report.duration_ms)}">`,
    ...suites,
    '</testsuites>',
    '',
  ].join('\n');
}

function suite(area: string, cases: readonly CaseResult[], report: ConformanceReport): string {
  const failures = cases.filter(({ status }) => status === 'failed' || status === 'expected_failure').length;
  const skipped = cases.filter(({ status }) => status === 'skipped' || status === 'not_applicable').length;
  const time = seconds(cases.reduce((sum, { duration_ms }) => sum + duration_ms, 0));
  const name = xml(`${report.engine.engine_id}.${area}`);
  return [
    `  <testsuite name="${name}" tests="${cases.length}" failures="${failures}" errors="0" skipped="${skipped}" time="${time}" timestamp="${report.started_at}">`,
    ...cases.map((one) => testcase(name, one)),
    '  </testsuite>',
  ].join('\n');
}

function testcase(classname: string, one: CaseResult): string {
  const open = `    <testcase classname="${classname}" name="${xml(`${one.id} ${one.title}`)}" time="${seconds(one.duration_ms)}"`;
  if (one.status === 'passed') return `${open}/>`;
  if (one.status === 'skipped' || one.status === 'not_applicable')
    return `${open}><skipped message="${xml(one.reason ?? one.status)}"/></testcase>`;
  const lines = one.findings.map(({ what, where, remedy }) => `${what}\nwhere: ${placeText(where)}\nremedy: ${remedy}`);
  const more = one.more_findings === 0 ? [] : [`and ${one.more_findings} more`];
  return `${open}><failure message="${xml(one.findings[0]?.what ?? one.status)}" type="${one.id}">${xml([...lines, ...more].join('\n\n'))}</failure></testcase>`;
}
