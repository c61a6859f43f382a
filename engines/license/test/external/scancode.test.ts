import type { EngineContext } from '@mex/engine-sdk';
import { describe, expect, it } from 'vitest';
import { codesOf, directory, reportOf, run } from '../engine-run.ts';

const manifest = (name: string, license?: string): string =>
  JSON.stringify({ name, version: '1.0.0', ...(license === undefined ? {} : { license }) });
/** None of these texts is a license: what they are is the tool's word. */
const FILES = {
  'package.json': manifest('app', 'MIT'),
  'node_modules/a/package.json': manifest('a'),
  'node_modules/a/LICENSE': 'text of a',
  'node_modules/b/package.json': manifest('b', 'MIT'),
  'node_modules/b/LICENSE': 'text of b',
};
const match = (more: object = {}) => ({
  score: 100,
  start_line: 1,
  end_line: 20,
  match_coverage: 100,
  matcher: '1-hash',
  license_expression: 'apache-2.0',
  license_expression_spdx: 'Apache-2.0',
  rule_identifier: 'apache-2.0.LICENSE',
  ...more,
});
const file = (path: string, spdx: string | null, more: object = {}, of: object = {}) => ({
  path,
  type: 'file',
  detected_license_expression: spdx?.toLowerCase() ?? null,
  detected_license_expression_spdx: spdx,
  license_detections:
    spdx === null
      ? []
      : [
          {
            license_expression_spdx: spdx,
            matches: [match({ license_expression_spdx: spdx, ...more })],
            identifier: 'x',
          },
        ],
  license_clues: [],
  scan_errors: [],
  ...of,
});
const report = (files: readonly object[], header: object = {}) => ({
  headers: [
    { tool_name: 'scancode-toolkit', tool_version: '32.4.1', output_format_version: '4.1.0', errors: [], ...header },
  ],
  license_detections: [],
  files: [{ path: 'node_modules', type: 'directory', scan_errors: [] }, ...files],
});
const GOOD = [
  file('package.json', 'MIT'),
  file('node_modules/a/LICENSE', 'Apache-2.0'),
  file('node_modules/b/LICENSE', 'MIT'),
];

interface Answer {
  readonly exitCode?: number;
  readonly report?: unknown;
}

/** `license.scan` as policy would have scancode do it. */
async function scanBy({ exitCode = 0, report: told }: Answer, files: Record<string, string> = FILES) {
  const calls: { args: readonly string[]; options: object }[] = [];
  const text = typeof told === 'string' ? told : JSON.stringify(told);
  const inputs = [directory(files)];
  const exec: EngineContext['exec'] = async (_tool, args, options = {}) => {
    calls.push({ args, options });
    const [name = ''] = options.outputs ?? [];
    const written =
      told === undefined ? { name, refused: 'missing' as const } : { name, bytes: new TextEncoder().encode(text) };
    return { exitCode, stdout: new Uint8Array(), stderr: new Uint8Array(), files: [written] };
  };
  const implementation = { id: 'scancode', kind: 'external', tool: 'scancode' } as const;
  return { ...(await run(inputs, {}, { exec, implementation })), calls };
}

const codeOf = (running: Promise<unknown>): Promise<unknown> =>
  running.then(
    () => 'succeeded',
    (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
  );

describe('[§13] licenses by scancode', () => {
  it('what it says of a text is weighed with what is declared, as ever', async () => {
    const result = await scanBy({ report: report(GOOD) });
    expect(codesOf(result)).toEqual([]);
    expect(result.summary).toMatchObject({ unknown: 0, found_by: 'scancode' });
    expect(result.outputs.has('tool-report.json')).toBe(true);
    const other = await scanBy({
      report: report([...GOOD.slice(0, 2), file('node_modules/b/LICENSE', 'GPL-3.0-only')]),
    });
    expect(codesOf(other, 'npm:b@1.0.0')).toEqual(['LICENSE_MISMATCH']);
  });

  it.each([
    [
      'a match in part is a changed text',
      file('node_modules/b/LICENSE', 'MIT', { score: 80, match_coverage: 80 }),
      ['LICENSE_TEXT_MODIFIED', 'LICENSE_UNKNOWN'],
    ],
    [
      'a license that is on no list does not hide behind the declared one',
      file('node_modules/b/LICENSE', 'Acme Proprietary'),
      ['LICENSE_TEXT_MODIFIED', 'LICENSE_UNKNOWN'],
    ],
    ['nothing found leaves what is declared', file('node_modules/b/LICENSE', null), []],
    [
      'a file it could not scan',
      file('node_modules/b/LICENSE', null, {}, { scan_errors: ['ERROR: Processing interrupted: timeout'] }),
      ['LICENSE_FILE_UNREADABLE'],
    ],
  ])('[§14 E] %s', async (_what, entry, codes) => {
    const result = await scanBy({
      exitCode: codes.includes('LICENSE_FILE_UNREADABLE') ? 1 : 0,
      report: report([...GOOD.slice(0, 2), entry]),
    });
    expect(codesOf(result).filter((code) => code !== 'LICENSE_CORRECTED')).toEqual(codes);
  });

  it('[§14 E] a license file that it passes over was not read', async () => {
    const result = await scanBy({ report: report(GOOD.slice(0, 1)) });
    expect(codesOf(result)).toEqual(['LICENSE_FILE_UNREADABLE', 'LICENSE_FILE_UNREADABLE', 'LICENSE_UNKNOWN']);
    expect(
      reportOf(result)
        .findings.map(({ title }) => title)
        .join(' '),
    ).toContain('does not list it');
  });

  it.each<[string, Answer, string]>([
    ['2, wrong usage', { exitCode: 2 }, 'TOOL_EXIT_UNEXPECTED'],
    ['1 with nothing', { exitCode: 1 }, 'TOOL_REPORT_MISSING'],
    ['1 and no file that says why', { exitCode: 1, report: report(GOOD) }, 'TOOL_REPORT_INVALID'],
    ['no file at all', { report: report([]) }, 'TOOL_REPORT_INVALID'],
    ['garbage', { report: 'Setup plugins...\n' }, 'TOOL_REPORT_INVALID'],
    ['half a report', { report: JSON.stringify(report(GOOD)).slice(0, 400) }, 'TOOL_REPORT_INVALID'],
    ['the form of version 31', { report: report(GOOD, { output_format_version: '2.0.0' }) }, 'TOOL_REPORT_INVALID'],
    ['another tool', { report: report(GOOD, { tool_name: 'provenant' }) }, 'TOOL_REPORT_INVALID'],
    ['a file outside of the tree', { report: report([file('../secret/LICENSE', 'MIT')]) }, 'TOOL_REPORT_OUTSIDE'],
  ])('%s is a failure', async (_what, answer, code) => {
    expect(await codeOf(scanBy(answer))).toBe(code);
  });
});
