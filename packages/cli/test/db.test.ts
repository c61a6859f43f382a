import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { documentOf, mex, scratch } from './mex.ts';
import { write, writeAdvisories, writeCleanProject } from './scan/project.ts';

const dir = scratch();

describe('mex db', () => {
  it('[§13] imports a database that scans use from then on, and shows it', async () => {
    const home = join(dir, 'home');
    const project = writeCleanProject(join(dir, 'project'));
    const source = writeAdvisories(join(dir, 'osv'), [
      { id: 'TEST-1', name: 'alpha' },
      { id: 'TEST-2', name: 'beta', ecosystem: 'PyPI' },
    ]);
    write(source, { 'broken.json': '{' });
    const imported = await mex(['db', 'import', source, '--home', home, '--format', 'json']);
    expect(imported).toMatchObject({ code: 0, stderr: '' });
    const document = documentOf(imported);
    expect(document).toMatchObject({
      records: 2,
      age_days: 1,
      ecosystems: [{ name: 'PyPI' }, { name: 'npm' }],
      rejected: { count: 1, first: [{ source: 'broken.json' }] },
    });
    const shown = documentOf(await mex(['db', 'show', '--home', home, '--format', 'json']));
    expect(shown).toMatchObject({ sha256: document['sha256'], records: 2 });
    const scan = documentOf(
      await mex(['scan', project, '--only', 'vuln', '--home', home, '--format', 'json', '--release']),
    );
    const [, vuln] = scan['results'] as { summary: { findings: number; database: { sha256: string } } }[];
    expect(vuln?.summary).toMatchObject({ findings: 1, database: { sha256: document['sha256'] } });

    const less = writeAdvisories(join(dir, 'less'), [{ id: 'TEST-1', name: 'alpha' }]);
    const again = await mex(['db', 'import', less, '--home', home]);
    expect(again.stdout).toContain('also covered PyPI');
    expect((await mex(['db', 'show', '--home', home])).stdout).not.toContain('PyPI');
    const log = await mex(['log', 'list', '--type', 'tool_call', '--home', home, '--format', 'json']);
    expect(log.stdout).toContain('mex.db_import');
    expect(log.stdout).not.toContain(source);
  });

  it('a database that was only named for one scan is not used by the next', async () => {
    const home = join(dir, 'other');
    const project = writeCleanProject(join(dir, 'other-project'));
    const osv = writeAdvisories(join(dir, 'named'), [{ id: 'TEST-1', name: 'alpha' }]);
    const named = await mex(['scan', project, '--osv', osv, '--only', 'vuln', '--home', home]);
    expect(named.code).toBe(0);
    expect((await mex(['scan', project, '--only', 'vuln', '--home', home])).stdout).toContain('mex db import');
    expect((await mex(['db', 'show', '--home', home])).code).toBe(2);
  });

  it('mex db update does nothing and says so', async () => {
    const home = join(dir, 'never');
    const result = await mex(['db', 'update', '--home', home, '--format', 'json']);
    expect(result.code).toBe(2);
    expect(documentOf(result)['error']).toMatchObject({ code: 'CLI_NOT_AVAILABLE' });
    expect(existsSync(home)).toBe(false);
  });
});
