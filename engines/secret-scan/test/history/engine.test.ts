import { CHECKERS, parseStrictJson } from '@mex/envelope';
import { describe, expect, it } from 'vitest';
import { bundleOf, type Content, scan, token, weakPassword } from '../tree.ts';
import { commitOf, looseFile, plain, repositoryWith, treeOf } from './repository-writer.ts';

type Files = Readonly<Record<string, Content>>;

const run = (tree: Files, git: Files, params: object = {}, more: object = {}) =>
  scan(tree, { history: true, ...params }, undefined, { inputs: [bundleOf(tree), bundleOf(git)], ...more });

const line = (seed: number): string => `const key = '${token(seed)}';\n`;
const everything = (outputs: ReadonlyMap<string, string>) => [...outputs.values()].join('\n');

describe('secret.scan with history', () => {
  it('[§13] tells the commit, and whether the value is still in the tree; the value itself nowhere', async () => {
    const weak = `password = ${weakPassword(3)}\n`;
    const { commits, files } = repositoryWith(
      { 'gone.ts': line(1), 'kept.ts': line(2), 'moved.ts': line(3), '.env': weak },
      { 'kept.ts': `// more\n${line(2)}` },
    );
    const tree = { 'kept.ts': `// more\n${line(2)}`, 'new.ts': `${line(3)}// moved\n`, 'fresh.ts': line(4) };
    const { report, summary, problems, outputs } = await run(tree, files);
    const told = report.findings.map(({ title, properties = {} }) => [
      title.replace(/^.*? in /, ''),
      properties['commit'],
      properties['in_tree'],
      properties['versions'],
    ]);
    const [first] = commits;
    const short = first?.slice(0, 12);
    expect(told).toEqual([
      ['kept.ts:2', first, true, 2],
      ['new.ts:1', undefined, undefined, undefined],
      ['fresh.ts:1', undefined, undefined, undefined],
      [`gone.ts:1 of commit ${short} (no longer in the tree)`, first, false, 1],
      [`moved.ts:1 of commit ${short} (its value is in the tree, too)`, first, true, 1],
      [`.env:1 of commit ${short} (no longer in the tree)`, first, false, 1],
    ]);
    expect(summary).toMatchObject({
      history_scanned: true,
      secrets: 6,
      history: { commits: 2, blobs: 5, blobs_scanned: 4, blobs_in_tree: 1, secrets_not_in_tree: 2, complete: true },
    });
    expect(CHECKERS.supplyChainReport.issues(parseStrictJson(outputs.get('report.json') ?? ''))).toEqual([]);
    expect(problems.find(({ title }) => title.includes('gone.ts'))?.message).toMatch(/Revoke it/);
    for (const value of [1, 2, 3, 4].map(token).concat(weakPassword(3)))
      expect(`${everything(outputs)}${JSON.stringify(problems)}`.includes(value)).toBe(false);
  });

  it('[§13] one baseline entry covers tree and history where path and value are the same', async () => {
    const { files } = repositoryWith({ 'a.ts': line(1) }, { 'a.ts': 'x\n' });
    const [before] = (await scan({ 'a.ts': `${line(1)}more\n` })).report.findings;
    const [entry] = String(before?.properties?.['fingerprint']).match(/^[0-9a-f]{32}$/) ?? [];
    const baseline = [{ fingerprint: entry, reason: 'a sample', author: 'test', expires: '2030-01-01' }];
    const params = { baseline, timestamp: '2026-01-01T00:00:00Z' };
    expect((await run({ 'a.ts': 'x\n' }, files, params)).summary).toMatchObject({ secrets: 0, accepted: 1 });
    expect((await run({ 'a.ts': line(1) }, files, params)).summary).toMatchObject({ secrets: 0, accepted: 1 });
  });

  it('what git ignores now and had committed before is found', async () => {
    const { files } = repositoryWith({ '.env': line(1), 'a.ts': 'x\n' });
    const { report } = await run({ '.gitignore': '.env\n', '.env': line(1), 'a.ts': 'x\n' }, files);
    expect(report.findings.map(({ properties }) => properties?.['in_tree'])).toEqual([false]);
  });

  it('installed packages are left out as in the tree, and are found where they are no longer installed', async () => {
    const module = treeOf([['100644', 'x.js', plain('blob', line(1)).id]]);
    const modules = (name: string) => treeOf([['40000', name, module.id]]);
    const scanOf = async (name: string) => {
      const tree = modules(name);
      const commit = commitOf(tree.id);
      const objects = [commit, tree, module, plain('blob', line(1))].map(looseFile);
      return (await run({}, { HEAD: `${commit.id}\n`, ...Object.fromEntries(objects) })).summary;
    };
    expect(await scanOf('node_modules')).toMatchObject({ secrets: 0, history: { blobs: 0, directories_installed: 1 } });
    expect(await scanOf('modules')).toMatchObject({ secrets: 1, history: { blobs: 1, directories_installed: 0 } });
  });

  it('[§14] what cannot be read is a finding and a Problem, and the rest is scanned', async () => {
    const { files, commits } = repositoryWith({ 'a.ts': line(1) }, { 'b.ts': line(2) });
    const [path] = looseFile(plain('blob', line(1)));
    const rest = Object.fromEntries(Object.entries(files).filter(([name]) => name !== path));
    const { report, problems, summary } = await run({}, { ...rest, shallow: `${commits[1]}\n` });
    expect(report.findings.map(({ code, severity }) => [code, severity])).toEqual([
      ['SECRET_FOUND', 'error'],
      ['SECRET_HISTORY_INCOMPLETE', 'error'],
    ]);
    expect(problems.map(({ code, title }) => [code, title])).toContainEqual([
      'SECRET_HISTORY_INCOMPLETE',
      'The clone is shallow: older commits were not scanned',
    ]);
    expect(summary).toMatchObject({ history_scanned: true, history: { commits: 1, complete: false } });
  });

  it('[§5] a repository that changed since it was pinned ends the operation', async () => {
    const { files } = repositoryWith({ 'a.ts': line(1) });
    const drift = Object.assign(new Error('changed'), { code: 'ARTIFACT_DRIFT' });
    await expect(run({}, { ...files, 'refs/heads/main': drift })).rejects.toBe(drift);
  });

  it('[§14] an external tool gets the tree alone, and that is said', async () => {
    const { files } = repositoryWith({ 'a.ts': line(1) });
    const { report, summary } = await run(
      { 'a.ts': 'x\n' },
      files,
      {},
      {
        implementation: { id: 'gitleaks', kind: 'external', tool: 'gitleaks' },
        exec: async () => ({
          exitCode: 0,
          stdout: new Uint8Array(),
          stderr: new Uint8Array(),
          files: [{ name: 'gitleaks.json', bytes: new TextEncoder().encode('[]') }],
        }),
      },
    );
    expect(report.findings.map(({ id }) => id)).toEqual(['history:implementation']);
    expect(summary).toMatchObject({ history_scanned: false });
  });

  it('[§14] without a repository there is no scan of a history', async () => {
    await expect(scan({ 'a.ts': 'x' }, { history: true })).rejects.toMatchObject({ code: 'SECRET_NO_HISTORY' });
  });
});
