import { stripControl } from '@mex/guard';
import type { CaseResult, CaseStatus, ConformanceReport } from '../report.ts';
import { countText, describeTiers, placeText } from './report-text.ts';

const WORDS: Readonly<Record<CaseStatus, string>> = {
  passed: 'passed',
  failed: '**failed**',
  expected_failure: 'may fail for now',
  skipped: 'skipped',
  not_applicable: 'not applicable',
};

/** Text that stays text: nothing of an author becomes a link, an image, markup or another column. */
function plain(text: string): string {
  const line = stripControl(text).replace(/[\r\n]+/g, ' ');
  return line.replace(/[\\`*_{}[\]()<>#+!|~@:&-]|(?<=www)\./gi, (character) => `\\${character}`);
}

/** Markdown, for a pull request or a release page. */
export function renderMarkdown(report: ConformanceReport): string {
  const { engine, harness, contract_version, vectors, environment } = report;
  const broken = report.cases.filter(({ findings }) => findings.length > 0);
  return [
    `# Conformance of ${plain(engine.engine_id)} ${plain(engine.engine_version)}: ${report.verdict}`,
    '',
    `${plain(countText(report))}.`,
    '',
    '| what | |',
    '| --- | --- |',
    `| bundle | \`${engine.bundle_sha256}\` |`,
    `| manifest | \`${engine.manifest_sha256}\` |`,
    `| vectors | ${vectors.golden} golden, ${vectors.reject} reject, \`${vectors.sha256}\` |`,
    `| contract, harness | ${plain(contract_version)}, ${plain(harness.version)} \`${harness.requirements_sha256}\` |`,
    `| tiers | ${plain(describeTiers(report))} |`,
    `| environment | ${plain(`${environment.runtime} ${environment.runtime_version}, ${environment.os} ${environment.arch}`)} |`,
    `| begun | ${plain(report.started_at)} |`,
    '',
    ...(broken.length === 0 ? [] : ['## What is wrong', '', ...broken.flatMap(describeBroken)]),
    '## Cases',
    '',
    '| case | area | what it says | result |',
    '| --- | --- | --- | --- |',
    ...report.cases.map(
      (one) =>
        `| ${one.id} | ${plain(one.area)} | ${plain(one.title)} (${plain(one.clause)}) | ${WORDS[one.status]}${one.reason === undefined ? '' : `: ${plain(one.reason)}`} |`,
    ),
    '',
  ].join('\n');
}

function describeBroken({ id, title, findings, more_findings }: CaseResult): string[] {
  return [
    `### ${id} ${plain(title)}`,
    '',
    ...findings.map(
      ({ what, where, remedy }) =>
        `- ${plain(what)} _Where:_ ${plain(placeText(where) || 'the engine as a whole')}. _Remedy:_ ${plain(remedy)}`,
    ),
    ...(more_findings === 0 ? [] : [`- and ${more_findings} more`]),
    '',
  ];
}
