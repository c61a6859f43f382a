import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { offsetOfJsonError } from '../../src/lockfiles/npm-family-json.ts';
import { npmLockReader } from '../../src/lockfiles/npm-lock.ts';
import { pnpmLockReader } from '../../src/lockfiles/pnpm-lock.ts';
import { yarnLockReader } from '../../src/lockfiles/yarn-lock.ts';
import { LockfileError, type LockfileReader } from '../../src/model.ts';
import { DATA, HAS_DATA, NO_DATA } from '../test-data.ts';
import { mutate, mutateJson, seededRandom } from './npm-family-mutation.ts';
import { edgeList, errorOf, flawsOf, read } from './npm-family-reading.ts';

const npm = (text: string) => read(npmLockReader, 'package-lock.json', text, { 'package.json': '{}' });
const pnpm = (text: string) => read(pnpmLockReader, 'pnpm-lock.yaml', text, { 'package.json': '{}' });
const yarn = (text: string) => read(yarnLockReader, 'yarn.lock', text, { 'package.json': '{}' });
const DEEP = 100_000;

describe('files that are not lockfiles', () => {
  const nestedV1 = `{"lockfileVersion":1,"dependencies":${'{"a":{"version":"1.0.0","dependencies":'.repeat(DEEP)}{}${'}}'.repeat(DEEP)}}`;
  const bomb = Array.from({ length: 30 }, (_, i) => `a${i}: &a${i} [${`*a${i - 1},`.repeat(9)}]`).join('\n');
  it.each([
    ['npm: empty', npm, '', 'SBOM_LOCKFILE_SYNTAX', 1, 1],
    ['npm: truncated', npm, '{\n  "lockfileVersion": 3,\n  "pack', 'SBOM_LOCKFILE_SYNTAX', 3, 8],
    ['npm: a wrong character', npm, '{\n "a": tru,\n}', 'SBOM_LOCKFILE_SYNTAX', 2, 7],
    ['npm: null', npm, 'null', 'SBOM_LOCKFILE_SHAPE', 1, 1],
    ['npm: an array', npm, '[]', 'SBOM_LOCKFILE_SHAPE', 1, 1],
    ['npm: neither packages nor dependencies', npm, '{}', 'SBOM_LOCKFILE_SHAPE', undefined, undefined],
    [
      'npm: version 3 without packages',
      npm,
      '{"lockfileVersion":3,"packages":[]}',
      'SBOM_LOCKFILE_SHAPE',
      undefined,
      undefined,
    ],
    ['npm: a version from the future', npm, '{\n"lockfileVersion":99}', 'SBOM_LOCKFILE_VERSION', 2, 1],
    ['npm: 100,000 arrays', npm, '['.repeat(DEEP), 'SBOM_LOCKFILE_SYNTAX', 1, DEEP + 1],
    ['npm: 100,000 nested dependencies', npm, nestedV1, 'SBOM_LOCKFILE_TOO_DEEP', undefined, undefined],
    ['npm: half a merge conflict', npm, '{\n<<<<<<< HEAD\n}', 'SBOM_LOCKFILE_SYNTAX', 2, 1],
    ['pnpm: empty', pnpm, '', 'SBOM_LOCKFILE_SHAPE', 1, 1],
    ['pnpm: a list', pnpm, '- a', 'SBOM_LOCKFILE_SHAPE', 1, 1],
    [
      'pnpm: truncated',
      pnpm,
      "lockfileVersion: '9.0'\npackages:\n  a@1.0.0: {resolution: {",
      'SBOM_LOCKFILE_SYNTAX',
      3,
      26,
    ],
    ['pnpm: duplicate keys', pnpm, "lockfileVersion: '9.0'\na: 1\na: 2", 'SBOM_LOCKFILE_SYNTAX', 3, 1],
    ['pnpm: a version from the future', pnpm, "# x\nlockfileVersion: '99.0'", 'SBOM_LOCKFILE_VERSION', 2, 1],
    ['pnpm: 100,000 flow sequences', pnpm, `a: ${'['.repeat(DEEP)}`, 'SBOM_LOCKFILE_TOO_DEEP', 1, 67],
    ['pnpm: 100,000 compact sequences', pnpm, '- '.repeat(DEEP), 'SBOM_LOCKFILE_TOO_DEEP', 1, 129],
    ['pnpm: an alias bomb', pnpm, bomb, 'SBOM_LOCKFILE_SYNTAX', 1, 11],
    ['yarn: prose', yarn, 'hello world', 'SBOM_LOCKFILE_SYNTAX', 1, 6],
    ['yarn: an open quote', yarn, '"a@1:\n  version "1"', 'SBOM_LOCKFILE_SYNTAX', 1, 1],
    ['yarn: odd indentation', yarn, 'a@1:\n   version "1"', 'SBOM_LOCKFILE_SYNTAX', 2, 4],
    ['yarn: a version from the future', yarn, '# yarn lockfile v2\n', 'SBOM_LOCKFILE_VERSION', 1, 1],
    ['yarn berry: a version from the past', yarn, '\n__metadata:\n  version: 3', 'SBOM_LOCKFILE_VERSION', 2, 1],
    ['yarn berry: a version from the future', yarn, '__metadata:\n  version: 99', 'SBOM_LOCKFILE_VERSION', 1, 1],
  ])('%s', async (_name, reading, text, code, line, column) => {
    const error = await errorOf(reading(text));
    expect([error.code, error.line, error.column]).toEqual([code, line, column]);
  });

  it('version errors name what is supported', async () => {
    expect((await errorOf(npm('{"lockfileVersion":99}'))).message).toContain('1, 2, 3');
    expect((await errorOf(pnpm("lockfileVersion: '7.0'"))).message).toContain('5.x, 6.x and 9.x');
    expect((await errorOf(yarn('__metadata:\n  version: 3'))).message).toContain('4 to 10');
  });

  it('messages quote no line of the file: it may hold credentials', async () => {
    const broken = '{"resolved": "https://user:secret@h.example/x" "';
    expect((await errorOf(npm(broken))).message).not.toContain('secret');
    expect((await errorOf(pnpm(`a: "https://user:secret@h.example/x" b`))).message).not.toContain('secret');
  });

  it('the place of a JSON error agrees with V8 wherever V8 names one', () => {
    for (const text of [
      '{"a":1',
      '{"a":"x\n"}',
      '{"a":1}}',
      '{,}',
      '{"a" 1}',
      '[1 2]',
      '{"a":1,}',
      '"',
      '["\\',
      '[[[]',
      '{"a":[}',
    ]) {
      let message = '';
      try {
        JSON.parse(text);
      } catch (error) {
        message = String(error);
      }
      const position = /at position (\d+)/.exec(message)?.[1];
      if (position !== undefined) expect([text, offsetOfJsonError(text)]).toEqual([text, Number(position)]);
      else expect(offsetOfJsonError(text)).toBeLessThanOrEqual(text.length);
    }
  });
});

describe('lockfiles made to harm', () => {
  it('dependency circles, also through links', async () => {
    const packages = {
      '': { dependencies: { a: '*', l: '*' } },
      'node_modules/a': { version: '1.0.0', dependencies: { b: '*', a: '*' } },
      'node_modules/b': { version: '1.0.0', dependencies: { a: '*' } },
      'node_modules/l': { link: true, resolved: 'node_modules/k' },
      'node_modules/k': { link: true, resolved: 'node_modules/l' },
      'node_modules/r': { link: true, resolved: '' },
    };
    const inventory = await npm(JSON.stringify({ lockfileVersion: 3, packages }));
    expect(edgeList(inventory)).toEqual(['a@1.0.0 > b@1.0.0', 'b@1.0.0 > a@1.0.0']);
    const chain = Array.from(
      { length: 20_000 },
      (_, i) => `p${i}@1:\n  version "1.0.0"\n  dependencies:\n    p${(i + 1) % 20_000} "1"\n`,
    );
    expect((await yarn(chain.join('\n'))).packages).toHaveLength(20_000);
  });

  it('names from Object.prototype are names like any other', async () => {
    const entries =
      '"node_modules/__proto__":{"version":"1.0.0","dependencies":{"constructor":"*","toString":"*"}},"node_modules/constructor":{"version":"1.0.0","__proto__":{"polluted":1}}';
    const inventories = [
      await npm(
        `{"lockfileVersion":3,"__proto__":{"polluted":1},"packages":{"":{"dependencies":{"__proto__":"*"}},${entries}}}`,
      ),
      await pnpm(
        "lockfileVersion: '9.0'\n__proto__: {polluted: 1}\nimporters:\n  .:\n    dependencies: {__proto__: {specifier: '1', version: 1.0.0}}\nsnapshots:\n  __proto__@1.0.0: {dependencies: {constructor: 1.0.0}}\n  constructor@1.0.0: {}\n",
      ),
      await read(
        yarnLockReader,
        'yarn.lock',
        '__proto__@^1:\n  version "1.0.0"\n  dependencies:\n    constructor "^1"\n\nconstructor@^1:\n  version "1.0.0"\n',
        { 'package.json': '{"dependencies":{"__proto__":"^1"}}' },
      ),
    ];
    for (const inventory of inventories) {
      expect(inventory.packages.map((one) => one.key)).toEqual(['__proto__@1.0.0', 'constructor@1.0.0']);
      expect(edgeList(inventory)).toEqual(['__proto__@1.0.0 > constructor@1.0.0']);
      expect(inventory.direct).toEqual(['__proto__@1.0.0']);
    }
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });

  it('impossible names, versions and places are left out with a warning', async () => {
    const packages = {
      'node_modules/../../etc': { version: '1.0.0' },
      'node_modules/..': { version: '1.0.0' },
      'node_modules/a b': { version: '1.0.0' },
      'node_modules/c': { version: '1\n0' },
      'node_modules/d': { version: '9'.repeat(1_000_000) },
      [`${'a/'.repeat(5000)}node_modules/e`]: { version: '1.0.0' },
      'node_modules/f': {
        version: '1.0.0',
        resolved: `https://h.example/${'x'.repeat(1_000_000)}`,
        integrity: 'sha512-'.repeat(100_000),
      },
    };
    const inventory = await npm(JSON.stringify({ lockfileVersion: 3, packages }));
    expect(inventory.packages.map((one) => [one.key, one.hashes, one.source])).toEqual([
      ['f@1.0.0', [], { kind: 'registry' }],
    ]);
    expect(inventory.warnings.map((warning) => warning.code)).toEqual(
      Array.from({ length: 6 }, () => 'SBOM_ENTRY_SKIPPED'),
    );
    for (const warning of inventory.warnings) expect(warning.message.length).toBeLessThan(400);
  });

  it('warnings are bounded', async () => {
    const packages = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`node_modules/p${i}`, {}]));
    const { warnings } = await npm(JSON.stringify({ lockfileVersion: 3, packages }));
    expect(warnings).toHaveLength(201);
    expect(warnings.at(-1)?.message).toContain('4800 further');
  });

  it('our side of a merge conflict is read, and the warning says where', async () => {
    const conflict = (ours: string, theirs: string) =>
      `<<<<<<< HEAD\n${ours}\n||||||| base\nx\n=======\n${theirs}\n>>>>>>> branch`;
    const entryOf = (version: string) => `"node_modules/a":{"version":"${version}"}`;
    const inventories = [
      await npm(`{"lockfileVersion":3,"packages":{\n${conflict(entryOf('1.0.0'), entryOf('2.0.0'))}\n}}`),
      await yarn(`# yarn lockfile v1\n${conflict('a@1:\n  version "1.0.0"', 'a@2:\n  version "2.0.0"')}\n`),
      await pnpm(`lockfileVersion: '9.0'\n${conflict('snapshots: {a@1.0.0: {}}', 'snapshots: {a@2.0.0: {}}')}`),
    ];
    for (const inventory of inventories) {
      expect(inventory.packages.map((one) => one.key)).toEqual(['a@1.0.0']);
      expect(inventory.warnings).toMatchObject([{ code: 'SBOM_CONFLICT_MARKERS', line: 2 }]);
    }
  });
});

const CORPUS: readonly (readonly [LockfileReader, string])[] = [
  [npmLockReader, 'npm/modelcontextprotocol__modelcontextprotocol@2026-08-04/package-lock.json'],
  [npmLockReader, 'npm/sveltejs__svelte@2017-06-11/package-lock.json'],
  [pnpmLockReader, 'pnpm/cloudflare__workerd@2022-10-26/pnpm-lock.yaml'],
  [pnpmLockReader, 'pnpm/sveltejs__svelte@2024-12-24/pnpm-lock.yaml'],
  [yarnLockReader, 'yarn/babel__babel@2017-12-07/yarn.lock'],
  [yarnLockReader, 'yarn/prettier__prettier@2022-12-26/yarn.lock'],
];

describe.skipIf(!HAS_DATA)(`random mutations of real lockfiles${NO_DATA}`, () => {
  it.each(CORPUS.map(([reader, file]) => [file, reader] as const))(
    '%s: an inventory or a LockfileError',
    async (file, reader) => {
      const path = `${DATA}lockfiles/${file}`;
      const text = readFileSync(path, 'utf8');
      const manifestPath = path.replace(/[^/]+$/, 'package.json');
      const manifest = existsSync(manifestPath) ? readFileSync(manifestPath, 'utf8') : '{}';
      const outcomes = new Set<string>();
      for (let seed = 0; seed < 40; seed++) {
        const random = seededRandom(seed);
        const isJson = file.endsWith('.json') && seed % 2 === 0;
        const mutated = isJson ? mutateJson(text, random) : mutate(text, random);
        const files = { 'package.json': seed % 3 === 0 ? mutate(manifest, random) : manifest };
        try {
          const inventory = await read(reader, file.slice(file.lastIndexOf('/') + 1), mutated, files);
          expect([seed, flawsOf(inventory)]).toEqual([seed, []]);
          outcomes.add('inventory');
        } catch (error) {
          if (!(error instanceof LockfileError)) throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
          outcomes.add(error.code);
        }
      }
      // Both endings must occur, or the mutations test nothing.
      expect(outcomes).toContain('inventory');
      expect(outcomes.size).toBeGreaterThan(1);
    },
  );
});
