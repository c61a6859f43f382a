import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { importAdvisories, openSnapshot } from '@mex/advisories';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { zipOf } from './zip-file.ts';

const options = { now: '2026-06-01T00:00:00Z' };
let dir = '';

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mex-advisories-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function advisory(id: string, more: object = {}): string {
  const affected = [
    {
      package: { ecosystem: 'npm', name: `package-${id.toLowerCase()}` },
      ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }] }],
    },
  ];
  return JSON.stringify({ id, modified: '2026-01-01T00:00:00Z', affected, ...more });
}

function write(name: string, data: string | Uint8Array): string {
  const path = join(dir, name);
  writeFileSync(path, data);
  return path;
}

async function idsOf(path: string): Promise<string[]> {
  const { snapshot } = await importAdvisories([path], options);
  const opened = openSnapshot(snapshot);
  return Array.from({ length: opened.header.records }, (_, index) => opened.record(index).id);
}

describe('importAdvisories', () => {
  it.each([
    ['one record', 'a.json', () => advisory('A')],
    ['one record over several lines', 'a.json', () => JSON.stringify(JSON.parse(advisory('A')), null, 2)],
    ['a list', 'a.json', () => `[${advisory('A')}]`],
    ['an answer of an OSV server', 'a.json', () => `{"vulns":[${advisory('A')}]}`],
    ['NDJSON with a byte order mark, blank lines and CR LF', 'a.ndjson', () => `\ufeff${advisory('A')}\r\n\r\n`],
    ['NDJSON in gzip, whatever its name says', 'a.json', () => gzipSync(advisory('A'))],
    ['a zip archive', 'all.zip', () => zipOf({ 'npm/A.json': advisory('A'), 'README.md': 'x' })],
  ])('reads %s', async (_name, file, content) => {
    expect(await idsOf(write(file, content()))).toEqual(['A']);
  });

  it('reads a directory of everything, and follows no link', async () => {
    mkdirSync(join(dir, 'npm', 'deep'), { recursive: true });
    write('npm/deep/A.json', advisory('A'));
    write('more.ndjson', `${advisory('B')}\n${advisory('C')}\n`);
    write('all.zip', zipOf({ 'D.json': advisory('D') }));
    write('notes.txt', 'not looked at');
    symlinkSync(dir, join(dir, 'npm', 'loop'));
    symlinkSync('/etc/hostname', join(dir, 'host.json'));
    expect(await idsOf(dir)).toEqual(['A', 'B', 'C', 'D']);
    const { rejected } = await importAdvisories([dir], options);
    expect(rejected.map(({ source }) => source)).toEqual(['host.json', 'npm/loop']);
  });

  it('[§5] gives the same snapshot for the same records in any packing', async () => {
    const lines = [advisory('A'), advisory('B')];
    const one = await importAdvisories([write('x.ndjson', lines.join('\n'))], options);
    const two = await importAdvisories([write('b.json', lines[1] ?? ''), write('a.json', lines[0] ?? '')], options);
    expect(two.sha256).toBe(one.sha256);
  });

  it('takes the newest form of a record, and counts the others', async () => {
    const old = advisory('A', { summary: 'old', modified: '2025-01-01T00:00:00Z' });
    const { snapshot, header } = await importAdvisories(
      [write('x.ndjson', `${advisory('A', { summary: 'new' })}\n${old}`)],
      options,
    );
    expect(openSnapshot(snapshot).record(0).summary).toBe('new');
    expect(header.skipped.superseded).toBe(1);
  });

  it('[§2] names every malformed record and uses the others', async () => {
    const { header, rejected } = await importAdvisories(
      [
        write(
          'x.ndjson',
          [
            advisory('A'),
            '{"id":"B","id":"C"}',
            '{"id":',
            '{"id":"D"}',
            advisory('E', {
              affected: [{ package: { ecosystem: 'npm', name: 'x' }, ranges: [{ type: 'SEMVER', events: [] }] }],
            }),
            '\u001b]0;title\u0007',
          ].join('\n'),
        ),
      ],
      options,
    );
    expect(rejected).toEqual([
      { source: 'x.ndjson:2', reason: 'not JSON (JSON_DUPLICATE_KEY)' },
      { source: 'x.ndjson:3', reason: 'not JSON (JSON_SYNTAX)' },
      { source: 'x.ndjson:4', reason: 'modified is missing' },
      { source: 'E (x.ndjson:5)', reason: 'affected[0]: a range is never introduced' },
      { source: 'x.ndjson:6', reason: 'not JSON (JSON_SYNTAX)' },
    ]);
    expect(header).toMatchObject({ records: 1, rejected: { count: 5 } });
    expect(header.rejected.first).toHaveLength(5);
  });

  it('names damaged and hostile entries of an archive', async () => {
    const archive = zipOf({ 'A.json': advisory('A'), 'B.json': advisory('B') });
    // A byte inside the stored text of B: its checksum does not fit any more, or its JSON does not.
    archive[archive.indexOf('"B"') + 1] = 0x01;
    const { header } = await importAdvisories([write('all.zip', archive)], options);
    expect(header).toMatchObject({ records: 1, rejected: { count: 1 } });
    const outside = zipOf({ '../../evil.json': advisory('E') });
    await expect(importAdvisories([write('evil.zip', outside)], options)).rejects.toMatchObject({
      code: 'ADVISORIES_SOURCE_UNREADABLE',
    });
  });

  it.each([
    ['a file that is not there', () => join(dir, 'missing'), 'ADVISORIES_SOURCE_UNREADABLE'],
    ['a truncated gzip', () => write('x.gz', gzipSync(advisory('A')).subarray(0, 40)), 'ADVISORIES_SOURCE_UNREADABLE'],
    [
      'a truncated zip',
      () => write('x.zip', zipOf({ 'A.json': advisory('A') }).subarray(0, 100)),
      'ADVISORIES_SOURCE_UNREADABLE',
    ],
    ['an empty directory', () => dir, 'ADVISORIES_EMPTY'],
    ['an empty file', () => write('x.json', ''), 'ADVISORIES_EMPTY'],
    [
      'records of other ecosystems only',
      () => write('x.json', advisory('A').replace('"npm"', '"NuGet"')),
      'ADVISORIES_EMPTY',
    ],
    ['withdrawn records only', () => write('x.json', advisory('A', { withdrawn: options.now })), 'ADVISORIES_EMPTY'],
    ['a link', () => (symlinkSync('/etc/hostname', join(dir, 'link')), join(dir, 'link')), 'ADVISORIES_SOURCE_UNKNOWN'],
  ])('[§14 E] refuses %s', async (_name, path, code) => {
    await expect(importAdvisories([path()], options)).rejects.toMatchObject({ code });
  });
});
