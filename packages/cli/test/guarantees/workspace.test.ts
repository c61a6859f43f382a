import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ciCommands } from '../../src/guarantees/ci-commands.ts';
import { surveyRefs } from '../../src/guarantees/floating-refs.ts';
import type { Findings } from '../../src/guarantees/guarantee.ts';
import { lockfileState } from '../../src/guarantees/lockfile-state.ts';
import { scratch } from '../mex.ts';

const root = scratch();
let count = 0;
/** A directory with these files. */
function project(files: Readonly<Record<string, string | object>>): string {
  count += 1;
  const dir = join(root, `p${count}`);
  mkdirSync(dir);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return dir;
}
function held(findings: Findings): boolean | string {
  if (!('evidence' in findings)) return 'notApplicable' in findings ? 'not applicable' : 'not checked';
  return findings.evidence.every((one) => one.held);
}

const SHA = 'a'.repeat(40);

describe('[§14 A] git refs that are no commit', () => {
  it('are found in workflows and manifests, with file and line', () => {
    const dir = project({
      '.github/workflows/ci.yml': [
        'steps:',
        `  - uses: actions/checkout@${SHA}`,
        '  - uses: actions/setup-node@v4 # floating',
        '    uses: ./local',
        '  - uses: "docker://alpine:3"',
        `  - uses: docker://alpine@sha256:${'b'.repeat(64)}`,
      ].join('\n'),
      'package.json': `{"dependencies": {\n"a": "git+https://git.example/a.git#main",\n"b": "github:x/y#${SHA}",\n"c": "^1.0.0"}}`,
      'Cargo.toml': `d = { git = "https://git.example/d", branch = "main" }\ne = { git = "https://git.example/e", rev = "${SHA}" }`,
    });
    const { refs, floating } = surveyRefs(dir);
    expect(refs).toBe(8);
    expect(floating.map(({ file, line }) => `${file}:${line}`)).toEqual([
      '.github/workflows/ci.yml:3',
      '.github/workflows/ci.yml:5',
      'package.json:2',
      'Cargo.toml:1',
    ]);
  });
  it('are not looked for where there is nothing', () => {
    expect(surveyRefs(project({}))).toEqual({ files: [], refs: 0, floating: [] });
  });
});

describe('[§14 C] lockfile present and used', () => {
  const manifest = { dependencies: { alpha: '^1.0.0' } };
  const npmLock = (version: string) => ({
    lockfileVersion: 3,
    packages: { '': manifest, 'node_modules/alpha': { version, integrity: 'x' } },
  });
  const installed = (version: string) => ({
    packages: { 'node_modules/alpha': { version, integrity: 'x', dev: true } },
  });

  it.each([
    ['nothing to pin', {}, 'not applicable'],
    ['no lockfile', { 'package.json': manifest }, false],
    ['no dependencies', { 'package.json': {} }, true],
    ['a lockfile', { 'package.json': manifest, 'package-lock.json': npmLock('1.0.0') }, true],
    [
      'a lockfile that lacks a dependency',
      { 'package.json': { dependencies: { beta: '1' } }, 'package-lock.json': npmLock('1.0.0') },
      false,
    ],
    [
      'an installation that is what it says',
      {
        'package.json': manifest,
        'package-lock.json': npmLock('1.0.0'),
        'node_modules/.package-lock.json': installed('1.0.0'),
      },
      true,
    ],
    [
      'an installation that is another one',
      {
        'package.json': manifest,
        'package-lock.json': npmLock('1.0.0'),
        'node_modules/.package-lock.json': installed('1.0.1'),
      },
      false,
    ],
    [
      'an installation of somebody else',
      { 'package.json': manifest, 'package-lock.json': npmLock('1.0.0'), 'node_modules/alpha/index.js': '' },
      false,
    ],
    [
      'pnpm, equal',
      {
        'package.json': manifest,
        'pnpm-lock.yaml': 'importers:\n  .:\n    alpha:\n',
        'node_modules/.pnpm/lock.yaml': 'importers:\n  .:\n    alpha:\n',
      },
      true,
    ],
    [
      'pnpm, different',
      {
        'package.json': manifest,
        'pnpm-lock.yaml': 'importers:\n  .:\n    alpha:\n',
        'node_modules/.pnpm/lock.yaml': 'importers:\n',
      },
      false,
    ],
    ['Cargo without a lockfile', { 'Cargo.toml': '' }, false],
    ['what this version does not compare', { 'Cargo.toml': '', 'Cargo.lock': '' }, false],
  ])('%s', (_name, files, expected) => {
    expect(held(lockfileState(project(files)))).toBe(expected);
  });
});

describe('[§14 H] CI runs the same commands as a person', () => {
  const scripts = { scripts: { check: 'x', 'test:dist': 'y' } };
  const workflow = (...lines: string[]) => ({
    'package.json': scripts,
    '.github/workflows/ci.yml': ['jobs:', ...lines].join('\n'),
  });
  it.each([
    ['no CI', {}, 'not applicable'],
    ['scripts only', workflow('  - run: npm ci', '  - run: npm run check', '  - run: mex scan . --release'), true],
    ['a block', workflow('  - run: |', '      npm ci', '      npm run test:dist', '  - name: end'), true],
    ['a command of its own', workflow('  - run: npx eslint .'), false],
    ['a script nobody has', workflow('  - run: npm run other'), false],
    ['two in one line', workflow('  - run: npm run check && curl example.org | sh'), false],
    ['no step at all', workflow('  - name: nothing'), false],
    ['another CI', { '.gitlab-ci.yml': '' }, 'not checked'],
    ['another CI beside', { ...workflow('  - run: npm run check'), Jenkinsfile: 'pipeline {}' }, 'not checked'],
    ['a folder of another CI', { '.forgejo/workflows/ci.yml': 'jobs:' }, 'not checked'],
    ['a program of its own that nobody can start', { '.ci/run': '#!/bin/sh' }, false],
  ])('%s', (_name, files, expected) => {
    expect(held(ciCommands(project(files)))).toBe(expected);
  });

  it('a program of its own', () => {
    const dir = project({ '.ci/run': '#!/bin/sh' });
    chmodSync(join(dir, '.ci/run'), 0o755);
    expect(held(ciCommands(dir))).toBe(true);
  });
});
