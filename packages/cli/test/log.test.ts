import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { beforeAll, describe, expect, it } from 'vitest';
import { documentOf, linesOf, mex, STACK_TRACE, scratch, writeProject } from './mex.ts';

const dir = scratch();
const project = writeProject(join(dir, 'project'));
const home = join(dir, 'home');
let opId = '';
let runId = '';

beforeAll(async () => {
  const scanned = documentOf(await mex(['scan', project, '--only', 'sbom', '--home', home, '--format', 'json']));
  runId = String(scanned['run_id']);
  [opId = ''] = (scanned['results'] as { op_id: string }[]).map((result) => result.op_id);
});

/** A copy of the home whose database somebody else has changed. */
function tampered(name: string, sql: string): string {
  const copy = join(dir, name);
  cpSync(home, copy, { recursive: true });
  const db = new DatabaseSync(join(copy, 'log.db'));
  try {
    // Whoever tampers also removes what is in the way.
    for (const row of db.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'").all()) {
      db.exec(`DROP TRIGGER "${String(row['name'])}"`);
    }
    db.exec(sql);
  } finally {
    db.close();
  }
  return copy;
}

const names = async (...args: string[]): Promise<string[]> => {
  const { events } = documentOf(await mex(['log', 'list', '--home', home, '--format', 'json', ...args]));
  return (events as { event: { type: string; subject?: string } }[]).map(({ event }) => event.subject ?? event.type);
};

describe('mex log list', () => {
  it('[§11] tells an operation step by step', async () => {
    const steps = await names('--op', opId);
    expect(steps.at(0)).toBe('capability_check');
    expect(steps.slice(-2)).toEqual(['engine.run', 'tool_call']);
    // A scan is a run, and says that it was opened.
    expect((await names('--run', runId)).filter((name) => !name.startsWith('run.'))).toEqual(steps);
  });

  it('filters by type, FR-EVT id and subject, and by time', async () => {
    expect(await names('--type', 'tool_call')).toEqual(['tool_call']);
    expect(await names('--type', 'fr-evt-007')).toEqual(['tool_call']);
    expect(await names('--type', 'host.started')).toEqual(['host.started']);
    expect(await names('--since', '1h', '--type', 'tool_call')).toEqual(['tool_call']);
    expect(await names('--since', '2999-01-01')).toEqual([]);
  });

  it('shows the newest ones last and records nothing by looking', async () => {
    const before = await names();
    expect(await names('--limit', '1')).toEqual(before.slice(-1));
    expect(await names()).toEqual(before);
    const text = await mex(['log', 'list', '--home', home]);
    expect(text.stdout.trimEnd().split('\n')).toHaveLength(before.length);
  });
});

describe('mex log show', () => {
  it('shows one event', async () => {
    const { events } = documentOf(await mex(['log', 'list', '--home', home, '--op', opId, '--format', 'json']));
    const [first] = events as { event: { event_id: string } }[];
    const id = first?.event.event_id ?? '';
    expect(documentOf(await mex(['log', 'show', id, '--home', home, '--format', 'json']))).toEqual(first);
    expect((await mex(['log', 'show', id, '--home', home])).stdout).toContain(id);
  });
});

describe('mex log export', () => {
  it('[§11] writes every event and the checkpoint, and whoever has the key verifies it without the home', async () => {
    const exported = await mex(['log', 'export', '--home', home]);
    const lines = linesOf(exported);
    expect(lines[0]).toMatchObject({ mex_log: 1, first: 0 });
    expect(lines.slice(1, -1)).toHaveLength((await names()).length);
    expect(lines.at(-1)).toEqual({ checkpoint: expect.stringContaining('mex.log/') });

    const report = documentOf(await mex(['log', 'verify', '--home', home, '--format', 'json']));
    const [file, forged, key] = ['log.ndjson', 'forged.ndjson', 'key.txt'].map((name) => join(dir, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(file, exported.stdout);
    writeFileSync(forged, exported.stdout.replace('"succeeded"', '"failed"'));
    writeFileSync(key, `${String(report['public_key'])}\n`);
    const nowhere = join(dir, 'nowhere');
    const verify = (path: string, named: string) =>
      mex(['log', 'verify', '--export', path, '--public-key', named, '--home', nowhere]);
    expect(await verify(file, key)).toMatchObject({ code: 0, stdout: expect.stringContaining('The export is what') });
    expect((await verify(file, String(report['public_key']))).code).toBe(0);
    expect(await verify(forged, key)).toMatchObject({ code: 6, stdout: expect.stringContaining('NOT what') });
    expect(await verify(file, join(dir, 'none'))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('neither'),
    });
    expect((await mex(['log', 'verify', '--export', file])).stderr).toContain('--public-key');
  });
});

describe('mex log follow', () => {
  it('yields what another process records, as NDJSON, until Ctrl-C', async () => {
    const own = join(dir, 'followed');
    await mex(['scan', project, '--only', 'sbom', '--home', own]);
    const result = await mex(['log', 'follow', '--home', own, '--format', 'json', '--type', 'tool_call'], {
      during: (child) => {
        child.stderr?.once('data', () => void mex(['scan', project, '--only', 'sbom', '--home', own]));
        child.stdout?.once('data', () => child.kill('SIGINT'));
      },
    });
    expect(result.code).toBe(0);
    expect(linesOf(result)).toMatchObject([{ event: { type: 'tool_call', ok: true } }]);
  });
});

describe('[§11] mex log verify', () => {
  it('passes for what was recorded', async () => {
    const result = await mex(['log', 'verify', '--home', home]);
    expect(result).toMatchObject({ code: 0, stdout: expect.stringContaining('is what was recorded') });
    const report = documentOf(await mex(['log', 'verify', '--home', home, '--format', 'json']));
    expect(report).toMatchObject({ ok: true, trust: 'signer', problems: [] });
  });

  it.each([
    [
      'changed',
      `UPDATE events SET payload = replace(payload, '"development":true', '"development":null') WHERE seq = 0`,
    ],
    ['removed', 'DELETE FROM events WHERE seq = 2'],
    ['cut off', 'DELETE FROM events WHERE seq = (SELECT max(seq) FROM events)'],
    ['swapped', 'UPDATE events SET payload = (SELECT payload FROM events WHERE seq = 2) WHERE seq = 3'],
  ])('exits with 6 when an event was %s', async (name, sql) => {
    const copy = tampered(`tampered-${name.replace(' ', '-')}`, sql);
    const result = await mex(['log', 'verify', '--home', copy]);
    expect(result.code).toBe(6);
    expect(result.stdout).toContain('NOT what was recorded');
    expect(`${result.stdout}${result.stderr}`).not.toMatch(STACK_TRACE);
    expect(documentOf(await mex(['log', 'verify', '--home', copy, '--format', 'json']))).toMatchObject({ ok: false });
  });

  it('a changed event is refused by list, not shown', async () => {
    const copy = tampered('refused', `UPDATE events SET payload = replace(payload, 'os:', 'xx:') WHERE seq = 1`);
    const result = await mex(['log', 'list', '--home', copy]);
    expect(result).toMatchObject({ code: 6, stdout: '', stderr: expect.stringContaining('event 1 is damaged') });
  });

  it('finds a log that was put back to an earlier state, with a checkpoint kept elsewhere', async () => {
    const own = join(dir, 'rewound');
    cpSync(home, own, { recursive: true });
    await mex(['scan', project, '--only', 'sbom', '--home', own]);
    const kept = linesOf(await mex(['log', 'export', '--home', own])).at(-1)?.['checkpoint'];
    const file = join(dir, 'kept.txt');
    writeFileSync(file, String(kept));
    expect((await mex(['log', 'verify', '--home', own, '--checkpoint', file])).code).toBe(0);
    const rewound = await mex(['log', 'verify', '--home', home, '--checkpoint', file]);
    expect(rewound).toMatchObject({ code: 6, stdout: expect.stringContaining('LOG_TRUNCATED') });
  });

  it('one changed byte of the file is found', async () => {
    const copy = join(dir, 'byte');
    cpSync(home, copy, { recursive: true });
    const file = join(copy, 'log.db');
    const bytes = readFileSync(file);
    const at = bytes.indexOf('"development":true') + 15;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    expect((await mex(['log', 'verify', '--home', copy])).code).toBe(6);
  });
});
