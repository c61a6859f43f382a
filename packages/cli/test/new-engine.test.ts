import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openArtifactStore } from '@mex/artifacts';
import sdk from '@mex/engine-sdk/package.json' with { type: 'json' };
import { digestVectorFiles, scanVectorFolder } from '@mex/engine-sdk/testing';
import { describe, expect, it } from 'vitest';
import { surveyRefs } from '../src/guarantees/floating-refs.ts';
import { chooseNames } from '../src/new-engine/engine-names.ts';
import { findPacked } from '../src/new-engine/packed-packages.ts';
import { writeTemplate } from '../src/new-engine/write-template.ts';
import { VERSION } from '../src/version.ts';
import { documentOf, mex, scratch } from './mex.ts';

const TEMPLATE = fileURLToPath(new URL('../templates/engine/', import.meta.url));
const dir = scratch();
const put = (path: string): string => {
  const file = join(dir, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, '');
  return file;
};

describe('[§16] mex new engine', () => {
  it('writes a package, says what to do next, and never writes over anything', async () => {
    const made = await mex(['new', 'engine', 'thing', '--id', 'engine.acme.thing', '--format', 'json'], { cwd: dir });
    expect(made).toMatchObject({ code: 0, stderr: '' });
    expect(documentOf(made)).toMatchObject({
      directory: join(dir, 'thing'),
      engine_id: 'engine.acme.thing',
      package: 'thing',
      next: ['cd thing && npm install', 'npm test && npm run build', 'npm run certify'],
    });
    writeFileSync(join(dir, 'thing', 'src', 'engine.ts'), 'mine');
    const again = await mex(['new', 'engine', 'thing'], { cwd: dir });
    expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('thing is not empty') });
    expect(readFileSync(join(dir, 'thing', 'src', 'engine.ts'), 'utf8')).toBe('mine');
  });

  it('a repository that was just made is empty; a file is no directory', async () => {
    mkdirSync(join(dir, 'fresh', '.git'), { recursive: true });
    expect((await mex(['new', 'engine', 'fresh'], { cwd: dir })).code).toBe(0);
    put('a-file');
    expect((await mex(['new', 'engine', 'a-file'], { cwd: dir })).stderr).toContain('is a file');
  });
});

describe('names', () => {
  it.each<[string, string | undefined, string | undefined, string, string]>([
    ['words', undefined, undefined, 'engine.local.words', 'words'],
    ['/tmp/engine-words', undefined, undefined, 'engine.local.words', 'engine-words'],
    ['Größe 2', undefined, undefined, 'engine.local.gro_e_2', 'gro-e-2'],
    ['x', 'engine.acme.thing', '@acme/engine-thing', 'engine.acme.thing', '@acme/engine-thing'],
  ])('of %s', (at, id, name, wantedId, wantedName) => {
    expect(chooseNames(at, id, name)).toEqual({ id: wantedId, packageName: wantedName });
  });

  it.each<[string, string | undefined, string | undefined, RegExp]>([
    ['7', undefined, undefined, /No engine id can be made of "7"/],
    ['語', undefined, undefined, /No engine id/],
    ['x', 'acme.thing', undefined, /"acme.thing" is no engine id/],
    ['x', undefined, 'Acme', /"Acme" is no package name/],
    ['x', undefined, '../x', /is no package name/],
  ])('%s, %s and %s are refused', (at, id, name, words) => {
    expect(() => chooseNames(at, id, name)).toThrow(words);
  });
});

describe('the package', () => {
  const names = { id: 'engine.acme.thing', packageName: '@acme/thing' };

  it('has exact versions, those of this installation, its own name everywhere, and a CI that is pinned', () => {
    const target = join(dir, 'plain');
    const files = writeTemplate(target, names, undefined);
    expect(files).toContain('.gitignore');
    for (const file of files) {
      expect(readFileSync(join(target, file), 'utf8'), file).not.toMatch(/engine\.example|engine-words/);
    }
    const text = readFileSync(join(target, 'package.json'), 'utf8');
    const described: { name: string; devDependencies: Record<string, string> } = JSON.parse(text);
    expect(described.name).toBe('@acme/thing');
    expect(described.devDependencies).toMatchObject({ '@mex/engine-sdk': sdk.version, '@mex/cli': VERSION });
    for (const version of Object.values(described.devDependencies)) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    const refs = surveyRefs(target);
    expect({ refs: refs.refs, floating: refs.floating }).toEqual({ refs: 2, floating: [] });
  });

  it('depends on tarballs where it is told to, on all that lie beside the SDK', () => {
    for (const name of ['engine-sdk-1.2.3', 'envelope-1.2.3', 'cli-1.2.3', 'engine-sbom-1.2.3'])
      put(`packed/mex-${name}.tgz`);
    const target = join(dir, 'from-tarballs');
    const packed = findPacked(join(dir, 'packed', 'mex-engine-sdk-1.2.3.tgz'), target);
    expect(packed).toEqual(findPacked(join(dir, 'packed'), target));
    writeTemplate(target, names, packed);
    expect(JSON.parse(readFileSync(join(target, 'package.json'), 'utf8'))).toMatchObject({
      devDependencies: {
        '@mex/cli': 'file:../packed/mex-cli-1.2.3.tgz',
        '@mex/engine-sdk': 'file:../packed/mex-engine-sdk-1.2.3.tgz',
      },
      overrides: {
        '@mex/engine-sbom': 'file:../packed/mex-engine-sbom-1.2.3.tgz',
        '@mex/envelope': 'file:../packed/mex-envelope-1.2.3.tgz',
      },
    });
  });

  it('refuses a place without the SDK, with half of it, or with two versions', () => {
    expect(() => findPacked(join(dir, 'nowhere'), dir)).toThrow('does not exist');
    put('half/mex-engine-sdk-1.2.3.tgz');
    expect(() => findPacked(join(dir, 'half'), dir)).toThrow('no packed @mex/envelope');
    put('twice/mex-envelope-1.2.3.tgz');
    put('twice/mex-envelope-1.2.4.tgz');
    expect(() => findPacked(join(dir, 'twice'), dir)).toThrow('two versions of @mex/envelope');
  });

  it('[§15] the digest of its vectors is that of the folder in the artifact store', async () => {
    const folder = join(TEMPLATE, 'conformance');
    const store = openArtifactStore({ dir: join(dir, 'store') });
    try {
      const { handle } = await store.pinDirectory(folder, {});
      expect(digestVectorFiles(scanVectorFolder(folder))).toEqual({ sha256: handle.sha256, count: 4 });
    } finally {
      await store.close();
    }
  });

  it("the template's own tests pass against the SDK as it is here", () => {
    const args = ['--conditions=@mex/source', '--test', 'test/**/*.test.ts'];
    const output = execFileSync(process.execPath, args, { cwd: TEMPLATE, encoding: 'utf8', env: {} });
    expect(output).toMatch(/fail 0/);
    expect(existsSync(join(TEMPLATE, 'dist'))).toBe(false);
  });
});
