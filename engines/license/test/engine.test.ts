import { CHECKERS } from '@mex/envelope';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { codesOf, directory, document, reportOf, run } from './engine-run.ts';
import { spdxText } from './spdx-texts.ts';
import { HAS_DATA, NO_DATA, sarifSchema } from './test-data.ts';

const MIT = spdxText('MIT');
const manifest = (name: string, license?: unknown, extra: object = {}): string =>
  JSON.stringify({ name, version: '1.0.0', ...(license === undefined ? {} : { license }), ...extra });
const installed = (name: string, license: unknown, text?: string): Record<string, string> => ({
  [`node_modules/${name}/package.json`]: manifest(name, license),
  ...(text === undefined ? {} : { [`node_modules/${name}/LICENSE`]: text }),
});

describe('what a package declares and what its files say', () => {
  it.each([
    ['both agree', 'MIT', MIT, []],
    ['declared alone', 'MIT', undefined, []],
    ['detected alone', undefined, MIT, []],
    ['a choice, of which the text is one', 'MIT OR Apache-2.0', MIT, []],
    ['an old list', [{ type: 'MIT', url: 'https://example.org' }, 'Apache2'], undefined, ['LICENSE_CORRECTED']],
    ['a name', 'MIT License', MIT, ['LICENSE_CORRECTED']],
    ['a pointer to the file', 'SEE LICENSE IN LICENSE', MIT, []],
    ['the text of another license', 'ISC', MIT, ['LICENSE_MISMATCH']],
    ['a family, told apart by the text', 'BSD', spdxText('BSD-3-Clause'), ['LICENSE_AMBIGUOUS']],
    ['a family alone', 'BSD', undefined, ['LICENSE_AMBIGUOUS', 'LICENSE_UNKNOWN']],
    ['nothing at all', undefined, undefined, ['LICENSE_UNKNOWN']],
    ['UNLICENSED', 'UNLICENSED', undefined, ['LICENSE_UNKNOWN', 'LICENSE_UNLICENSED']],
    ['UNLICENSED with a text', 'UNLICENSED', MIT, ['LICENSE_UNKNOWN', 'LICENSE_UNLICENSED']],
    ['a malformed expression', 'MIT AND (', undefined, ['LICENSE_AMBIGUOUS', 'LICENSE_UNKNOWN']],
    ['a reference of its own', 'LicenseRef-acme', undefined, ['LICENSE_UNKNOWN']],
    ['a pointer to nothing', 'SEE LICENSE IN EULA', undefined, ['LICENSE_UNKNOWN']],
    ['a changed text', 'MIT', `${MIT}\nThe Software may not be sold.`, ['LICENSE_TEXT_MODIFIED', 'LICENSE_UNKNOWN']],
    ['something else in the file', 'MIT', 'Thanks to everybody.', []],
  ])('%s', async (_what, declared, text, codes) => {
    const result = await run([
      directory({ 'package.json': manifest('app', 'MIT'), ...installed('a', declared, text) }),
    ]);
    expect(codesOf(result, 'npm:a@1.0.0')).toEqual(codes);
  });

  it('[§13] an UNKNOWN says where was looked', async () => {
    const result = await run([directory(installed('a', undefined))]);
    expect(reportOf(result).findings[0]?.title).toContain('node_modules/a/package.json');
    expect(result.problems.map(({ code, severity }) => `${code} ${severity}`)).toEqual(['LICENSE_UNKNOWN warning']);
  });

  it('the COPYING of a library under the LGPL may be the GPL', async () => {
    const files = { ...installed('a', 'LGPL-3.0-only', spdxText('GPL-3.0-only')) };
    expect(codesOf(await run([directory(files)]), 'npm:a@1.0.0')).toEqual([]);
  });

  it('the project itself is listed and not judged', async () => {
    const result = await run([directory({ 'package.json': manifest('app') })], { allow: ['MIT'] });
    expect(result.summary).toMatchObject({ projects: 1, packages: 0, unknown: 0 });
    expect(codesOf(result)).toEqual([]);
  });
});

describe('where packages come from', () => {
  it('an SBOM names packages that are not installed, and what is installed adds to it', async () => {
    const bill = {
      bomFormat: 'CycloneDX',
      specVersion: '1.7',
      metadata: { component: { type: 'application', name: 'app' } },
      components: [
        { type: 'library', group: '@s', name: 'a', version: '1.0.0', purl: 'pkg:npm/%40s/a@1.0.0' },
        {
          type: 'library',
          name: 'b',
          version: '2.0.0',
          purl: 'pkg:cargo/b@2.0.0',
          licenses: [{ expression: 'MIT OR Apache-2.0' }],
        },
        { type: 'library', name: 'c', version: '3.0.0', purl: 'pkg:pypi/c@3.0.0' },
      ],
    };
    const files = { ...installed('@s/a', undefined, MIT), 'node_modules/@s/a/dist/package.json': '{"type":"module"}' };
    const result = await run([document('sbom.cdx.json', bill), directory(files)]);
    expect(result.summary).toMatchObject({
      packages: 3,
      unknown: 1,
      licenses: { MIT: 1, 'MIT OR Apache-2.0': 1, UNKNOWN: 1 },
    });
    expect(codesOf(result, 'pypi:c@3.0.0')).toEqual(['LICENSE_UNKNOWN']);
  });

  it('an npm lockfile of version 3 carries licenses, other lockfiles are a gap unless there is an SBOM', async () => {
    const lock = {
      lockfileVersion: 3,
      packages: {
        '': {},
        'node_modules/a': { version: '1.0.0', license: 'ISC' },
        'node_modules/b': { version: '1.0.0' },
      },
    };
    const result = await run([directory({ 'package-lock.json': JSON.stringify(lock), 'Cargo.lock': 'version = 4' })]);
    expect(result.summary).toMatchObject({ packages: 2, unknown: 1, gaps: 1 });
    expect(codesOf(result)).toEqual(['LICENSE_LOCKFILE_UNREAD', 'LICENSE_UNKNOWN']);
  });

  it('vendored code of other ecosystems', async () => {
    const result = await run([
      directory({
        'vendor/serde/Cargo.toml': '[package]\nname = "serde"\nversion = "1.0.0"\nlicense = "MIT OR Apache-2.0"\n',
        'vendor/acme/tool/composer.json': JSON.stringify({ name: 'acme/tool', license: ['MIT', 'GPL-2.0-or-later'] }),
        'vendor/github.com/x/y/LICENSE': spdxText('ISC'),
        'venv/site-packages/six-1.0.dist-info/METADATA':
          'Metadata-Version: 2.4\nName: six\nVersion: 1.0\nLicense-Expression: MIT\n\nbody',
        'venv/site-packages/six-1.0.dist-info/licenses/LICENSE': MIT,
      }),
    ]);
    expect(result.summary).toMatchObject({ packages: 4, unknown: 0 });
  });
});

describe('bad input', () => {
  it('huge, binary and unreadable license files are named and do not stop the rest', async () => {
    const files = {
      ...installed('a', 'MIT'),
      'node_modules/a/LICENSE': 100_000_000,
      ...installed('b', 'MIT'),
      'node_modules/b/LICENSE': new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 0, 0, 0]),
      ...installed('c', 'MIT'),
      'node_modules/c/LICENSE': Object.assign(new Error('gone'), { code: 'ARTIFACT_NOT_FOUND' }),
      'node_modules/d/package.json': '{ not json',
    };
    const result = await run([directory(files)]);
    expect(codesOf(result)).toEqual([
      'LICENSE_FILE_BINARY',
      'LICENSE_FILE_TOO_LARGE',
      'LICENSE_FILE_UNREADABLE',
      'LICENSE_MANIFEST_UNREADABLE',
      'LICENSE_UNKNOWN',
    ]);
  });

  it('[§5] a file that changed after it was pinned ends the operation', async () => {
    const drift = Object.assign(new Error('drift'), { code: 'ARTIFACT_DRIFT' });
    await expect(
      run([directory({ 'node_modules/a/package.json': manifest('a'), 'node_modules/a/LICENSE': drift })]),
    ).rejects.toThrow('drift');
  });

  it('[§14 E] nothing to look at, an unknown document and two policies are failures, not passes', async () => {
    await expect(run([directory({ 'README.md': 'hello' })])).rejects.toMatchObject({ code: 'LICENSE_NOTHING_TO_SCAN' });
    await expect(run([document('x.json', '{"a":1}')])).rejects.toMatchObject({ code: 'LICENSE_INPUT_INVALID' });
    const policy = document('p.json', { schema_version: 'mex.license_policy@1.0', allow: ['MIT'] });
    await expect(run([directory(installed('a', 'MIT')), policy], { deny: ['ISC'] })).rejects.toMatchObject({
      code: 'LICENSE_POLICY_INVALID',
    });
  });

  it('a deep and wide tree is read in bounded time, and Problems are bounded', async () => {
    const files: Record<string, string> = {};
    for (let index = 0; index < 3_000; index++)
      files[`node_modules/p${index}/package.json`] = `{"name":"p${index}","version":"1.0.0"}`;
    files[`${'node_modules/d/'.repeat(400)}package.json`] = manifest('d', 'MIT');
    const result = await run([directory(files)]);
    expect(result.summary).toMatchObject({ packages: 3_001, unknown: 3_000 });
    expect(result.problems).toHaveLength(101);
  });

  it('names of packages cannot draw on a terminal or break a record', async () => {
    const files = {
      'node_modules/a/package.json': JSON.stringify({
        name: 'a\u001b[31m\u202e',
        version: '1',
        license: 'x\u001b]8;;y',
      }),
    };
    const result = await run([directory(files)]);
    const titles = [...result.problems, ...reportOf(result).findings].map(({ title }) => title).join('');
    expect(titles).not.toMatch(/[\p{Cc}\u202e]/u);
  });
});

describe('documents', () => {
  const inputs = [
    directory({
      ...installed('a', 'BSD'),
      ...installed('b', 'GPL-3.0-only'),
      ...installed('c', 'ISC', MIT),
      'node_modules/e/LICENSE': 7_000_000,
    }),
  ];

  it('[§13] the report is a SupplyChainReport', async () => {
    const { outputs } = await run(inputs, { deny: ['GPL-3.0-only'] });
    const report: unknown = JSON.parse(outputs.get('report.json') ?? '');
    expect(() => CHECKERS.supplyChainReport.parse(report, 'the report')).not.toThrow();
  });

  it.skipIf(!HAS_DATA)(`the SARIF log is valid${NO_DATA}`, async () => {
    const ajv = new Ajv({ strict: false });
    addFormats.default(ajv);
    const { $schema: _4, id: _id, ...schema }: Record<string, unknown> = { ...sarifSchema() };
    const validate = ajv.compile(schema);
    const { outputs } = await run(inputs, { deny: ['GPL-3.0-only'] });
    expect(validate(JSON.parse(outputs.get('licenses.sarif') ?? '')), JSON.stringify(validate.errors)).toBe(true);
  });

  it('[§6] the same inputs give the same bytes', async () => {
    const [first, second] = [await run(inputs), await run(inputs)];
    expect([...first.outputs]).toEqual([...second.outputs]);
  });
});
