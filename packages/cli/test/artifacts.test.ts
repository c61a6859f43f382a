import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { beforeAll, describe, expect, it } from 'vitest';
import { documentOf, mex, scratch, writeProject } from './mex.ts';

interface Artifact {
  readonly name: string;
  readonly artifact_id: string;
  readonly sha256: string;
}

const dir = scratch();
const home = join(dir, 'home');
let report: Artifact = { name: '', artifact_id: '', sha256: '' };

beforeAll(async () => {
  const scanned = documentOf(
    await mex(['scan', writeProject(join(dir, 'project')), '--home', home, '--format', 'json']),
  );
  const [result] = scanned['results'] as { report: Artifact }[];
  if (result !== undefined) report = result.report;
});

const artifacts = (...args: string[]) => mex(['artifacts', ...args, '--home', home]);

describe('mex artifacts', () => {
  it('[§16] lists what a scan left', async () => {
    const list = await artifacts('list');
    for (const words of ['sbom.cdx.json', 'report.json', 'bundle']) expect(list.stdout).toContain(words);
    expect(documentOf(await artifacts('list', '--format', 'json', '--limit', '1'))['artifacts']).toHaveLength(1);
  });

  it('shows one by id, by hash and by a part of either', async () => {
    for (const wanted of [
      report.artifact_id,
      report.sha256,
      report.artifact_id.slice(0, 8),
      report.sha256.slice(0, 12),
    ]) {
      expect(documentOf(await artifacts('show', wanted, '--format', 'json'))).toMatchObject({
        artifact_id: report.artifact_id,
      });
    }
    expect((await artifacts('show', report.sha256)).stdout).toContain('engine.supply_chain.sbom');
    expect((await artifacts('show', 'ffffffffffff')).code).toBe(2);
  });

  it('prints the exact bytes, or a document that holds them', async () => {
    const { stdout } = await artifacts('cat', report.sha256);
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'SBOM' });
    const document = documentOf(await artifacts('cat', report.sha256, '--format', 'json'));
    expect(document).toMatchObject({ encoding: 'utf-8', content: stdout });
  });

  it('[§5] materialises once, never over something, and records it', async () => {
    const target = join(dir, 'copies', 'report.json');
    expect((await artifacts('materialize', report.artifact_id, target)).code).toBe(0);
    expect(readFileSync(target, 'utf8')).toBe((await artifacts('cat', report.sha256)).stdout);
    const again = await artifacts('materialize', report.artifact_id, target);
    expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('ARTIFACT_EXISTS') });
    expect((await mex(['log', 'list', '--home', home, '--type', 'artifact.materialized'])).stdout).toContain(
      report.artifact_id,
    );
  });

  it('pins and unpins', async () => {
    const pinned = async (): Promise<unknown> =>
      documentOf(await artifacts('show', report.artifact_id, '--format', 'json'))['pinned'];
    await artifacts('pin', report.artifact_id);
    expect(await pinned()).toBe(true);
    await artifacts('unpin', report.artifact_id);
    expect(await pinned()).toBe(false);
  });

  it('[§5] a changed object is found, and never served', async () => {
    const copy = join(dir, 'changed');
    cpSync(home, copy, { recursive: true });
    expect((await mex(['artifacts', 'verify', '--all', '--home', copy])).code).toBe(0);
    spoil(join(copy, 'artifacts'), report.sha256);
    expect(await mex(['artifacts', 'cat', report.sha256, '--home', copy])).toMatchObject({ code: 6, stdout: '' });
    const verified = await mex(['artifacts', 'verify', '--all', '--home', copy]);
    expect(verified).toMatchObject({ code: 6, stdout: expect.stringContaining('NOT what was stored') });
    expect((await mex(['artifacts', 'verify', report.sha256, '--home', home])).code).toBe(0);
  });
});

/** Changes one byte of a packed object, as a failing disk would. */
function spoil(store: string, sha256: string): void {
  const db = new DatabaseSync(join(store, 'objects.db'));
  try {
    const bytes = db.prepare('SELECT bytes FROM objects WHERE sha256 = ?').get(sha256)?.['bytes'];
    if (!(bytes instanceof Uint8Array)) throw new Error('the object is not in the pack');
    bytes[0] = (bytes[0] ?? 0) ^ 1;
    db.prepare('UPDATE objects SET bytes = ? WHERE sha256 = ?').run(bytes, sha256);
  } finally {
    db.close();
  }
}
