import { describe, expect, it } from 'vitest';
import { renderJunit } from '../src/render/report-junit.ts';
import { renderMarkdown } from '../src/render/report-markdown.ts';
import { renderText } from '../src/render/report-text.ts';
import { sampleCase, sampleReport } from './sample-report.ts';

const HOSTILE = 'a\u001b[31m <b>&"\' ](http://x) | `';
const report = sampleReport([
  sampleCase(),
  sampleCase({
    id: 'CAP-001',
    area: 'capability',
    status: 'failed',
    findings: [
      {
        what: `Without fs.read:inputs: ${HOSTILE}`,
        where: { tier: 'process', operation: 'one.run', vector: 'plain', at: 'fs.read:inputs' },
        remedy: 'Let the refusal through.',
      },
    ],
    more_findings: 2,
  }),
  sampleCase({
    id: 'BUDGET-005',
    area: 'budget',
    status: 'not_applicable',
    reason: 'No operation declares net.http.',
    checks: 0,
  }),
  sampleCase({
    id: 'DET-002',
    area: 'determinism',
    status: 'skipped',
    reason: 'DET-001, which it builds on, did not pass.',
    checks: 0,
  }),
]);

describe('forms of a report', () => {
  it('text says of each failure what happened, where, and what to do', () => {
    const text = renderText(report);
    expect(text).toContain('✗ CAP-001');
    expect(text).toContain('where:  process tier, one.run, vector plain, fs.read:inputs');
    expect(text).toContain('remedy: Let the refusal through.');
    expect(text).toContain('and 2 more');
    expect(text).toContain('failed: 1 passed, 1 failed, 1 skipped, 1 not applicable; 7 operations in 3.0 s');
    expect(text).toContain('process unavailable (bwrap is missing)');
  });

  it('text has no control characters but those of its own colours', () => {
    expect(renderText(report)).not.toContain('\u001b');
    const coloured = renderText(report, { color: true });
    expect(coloured).toContain('\u001b[31m✗\u001b[0m CAP-001');
    expect(coloured).not.toContain('a\u001b[31m');
  });

  it('JUnit XML is well-formed whatever an author wrote, with failures and skipped', () => {
    const xml = renderJunit(report);
    expect(xml).toContain('tests="4" failures="1" errors="0" skipped="2" time="3.000"');
    expect(xml).toContain('classname="engine.example.one.capability"');
    expect(xml).not.toContain('<b>');
    expect(xml).not.toContain('\u001b');
    expect(xml.match(/<testcase /g)).toHaveLength(4);
    expect(xml.match(/<skipped /g)).toHaveLength(2);
    // Every tag that is opened is closed, and every ampersand begins a reference.
    expect(xml.match(/<testcase [^>]*[^/]>/g)).toHaveLength(3);
    expect(xml.match(/<\/testcase>/g)).toHaveLength(3);
    expect(xml.replaceAll(/&#\d+;/g, '')).not.toContain('&');
  });

  it('Markdown keeps the words of an author words', () => {
    const markdown = renderMarkdown(report);
    expect(markdown).not.toContain('\u001b');
    expect(markdown).toContain('http\\://x');
    expect(markdown).not.toContain('](http');
    expect(markdown).not.toContain('<b>');
    const row = markdown.split('\n').find((line) => line.startsWith('| CAP-001'));
    expect(row?.match(/(?<!\\)\|/g)).toHaveLength(5);
  });
});
