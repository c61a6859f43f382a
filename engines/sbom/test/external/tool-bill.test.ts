import { describe, expect, it } from 'vitest';
import { readToolPurl } from '../../src/external/tool-purl.ts';
import { codeOf, generateBy } from './generate.ts';

const LOCK = JSON.stringify({
  name: 'app',
  version: '1.0.0',
  lockfileVersion: 3,
  packages: {
    '': { name: 'app', version: '1.0.0', dependencies: { alpha: '^1.0.0' } },
    'node_modules/alpha': { version: '1.0.0', dependencies: { '@scope/beta': '^2.0.0' } },
    'node_modules/@scope/beta': { version: '2.0.0', dev: true },
  },
});
const FILES = { 'package-lock.json': LOCK };
const place = (path: string) => [{ name: 'syft:location:0:path', value: path }];
const ALPHA = {
  type: 'library',
  'bom-ref': 'pkg:npm/alpha@1.0.0?package-id=1',
  name: 'alpha',
  version: '1.0.0',
  purl: 'pkg:npm/alpha@1.0.0',
  licenses: [{ license: { id: 'MIT' } }],
  properties: place('/package-lock.json'),
};
const BETA = {
  type: 'library',
  'bom-ref': 'beta',
  group: '@scope',
  name: 'beta',
  version: '2.0.0',
  purl: 'pkg:npm/%40scope/beta@2.0.0',
  hashes: [{ alg: 'SHA-1', content: 'A'.repeat(40) }],
  properties: [
    { name: 'cdx:npm:package:development', value: 'true' },
    { name: 'SrcFile', value: '/inputs/tree/package-lock.json' },
  ],
};
const ROOT = { type: 'library', 'bom-ref': 'app', name: 'app', version: '1.0.0', purl: 'pkg:npm/app@1.0.0' };
const bill = (components: readonly object[], more: object = {}) => ({
  bomFormat: 'CycloneDX',
  specVersion: '1.6',
  metadata: { tools: { components: [{ type: 'application', name: 'syft', version: '1.44.0' }] } },
  components,
  dependencies: [{ ref: ALPHA['bom-ref'], dependsOn: ['beta', 'nowhere'] }],
  ...more,
});
const bomOf = (outputs: ReadonlyMap<string, string>) => JSON.parse(outputs.get('sbom.cdx.json') ?? '{}');

describe('[§13] an SBOM by an external tool', () => {
  it('becomes the same documents: packages, hashes, licenses, edges, lockfile; the project itself is none of them', async () => {
    const { outputs, problems, summary, calls } = await generateBy('syft', FILES, {
      report: bill([ALPHA, BETA, ROOT]),
    });
    const bom = bomOf(outputs);
    expect(bom.components).toMatchObject([
      {
        purl: 'pkg:npm/%40scope/beta@2.0.0',
        group: '@scope',
        scope: 'excluded',
        hashes: [{ alg: 'SHA-1', content: 'a'.repeat(40) }],
      },
      { purl: 'pkg:npm/alpha@1.0.0', licenses: [{ license: { id: 'MIT' } }] },
    ]);
    expect(
      bom.metadata.tools.components.map(({ name, version }: { name: string; version: string }) => `${name} ${version}`),
    ).toContain('syft 1.44.0');
    expect(bom.metadata.component).toMatchObject({
      name: 'app',
      properties: [{ value: 'package-lock.json' }, { value: 'cyclonedx-syft' }],
    });
    expect(bom.dependencies).toContainEqual({ ref: 'pkg:npm/alpha@1.0.0', dependsOn: ['pkg:npm/%40scope/beta@2.0.0'] });
    expect(problems).toEqual([]);
    expect(summary).toMatchObject({ packages: 2, unreadable_count: 0, found_by: { name: 'syft', version: '1.44.0' } });
    expect(outputs.has('sbom.spdx.json')).toBe(true);
    expect(calls).toHaveLength(1);
  });

  it('[§14 J] cdxgen is told to install and run nothing', async () => {
    const { calls } = await generateBy('cdxgen', FILES, { report: bill([ALPHA, BETA]) });
    expect(calls[0]?.args).toEqual(expect.arrayContaining(['--no-install-deps', '--no-babel', '--fail-on-error']));
  });

  it('keeps packages of ecosystems that no reader knows, with their own package URL', async () => {
    const jar = { type: 'library', name: 'core', group: 'org.x', version: '3', purl: 'pkg:maven/org.x/core@3' };
    const git = {
      type: 'library',
      name: 'g',
      version: '1',
      purl: 'pkg:npm/g@1?vcs_url=git%2Bhttps://forge.example/g.git',
    };
    const { outputs } = await generateBy('syft', FILES, {
      report: bill([ALPHA, BETA, jar, git, { type: 'library', name: 'bare' }]),
    });
    expect(bomOf(outputs).components.map(({ name, purl }: { name: string; purl?: string }) => purl ?? name)).toEqual(
      expect.arrayContaining([jar.purl, git.purl, 'bare']),
    );
  });

  it('masks what looks like a secret in the evidence', async () => {
    const token = `ghp_${'aB3dE6gH9jK2mN5pQ8rS1tU4vW7xY0zA3bC6'.slice(0, 36)}`;
    const leaky = { ...ALPHA, externalReferences: [{ type: 'vcs', url: `https://x:${token}@forge.example/a.git` }] };
    const { outputs } = await generateBy('syft', FILES, { report: bill([leaky, BETA]) });
    expect([...outputs.values()].join('\n')).not.toContain(token);
    expect(JSON.parse(outputs.get('tool-report.json') ?? '').components).toHaveLength(2);
  });
});

describe('[§14 E] what a tool leaves out is told', () => {
  it('packages that a lockfile names and the tool does not are no pass', async () => {
    const { problems } = await generateBy('syft', FILES, { report: bill([ALPHA]) });
    expect(problems).toMatchObject([
      { code: 'SBOM_TOOL_DIFFERS', severity: 'error', locations: [{ path: 'package-lock.json' }] },
    ]);
    expect(problems[0]?.message).toContain('@scope/beta@2.0.0');
  });

  it.each([
    'c',
    // A namesake in another ecosystem is another package.
    'alpha',
  ])('a lockfile of which it lists nothing is an error, and the documents name it: %s', async (name) => {
    const files = {
      ...FILES,
      'rust/Cargo.lock': `version = 4\n[[package]]\nname = "${name}"\nversion = "1.0.0"\nsource = "registry+https://registry.example"\n`,
    };
    const { outputs, problems, summary } = await generateBy('syft', files, { report: bill([ALPHA, BETA]) });
    expect(problems).toMatchObject([{ code: 'SBOM_LOCKFILE_NOT_COVERED', severity: 'error' }]);
    expect(summary).toMatchObject({ unreadable: [{ path: 'rust/Cargo.lock' }] });
    expect(outputs.get('sbom.cdx.json')).toContain('mex:lockfile:unread');
  });

  it('a document without a component is a pass for a lockfile without a package only', async () => {
    expect(await codeOf(generateBy('syft', FILES, { report: bill([]) }))).toBe('SBOM_NOTHING_READABLE');
    const empty = {
      'package-lock.json': JSON.stringify({ name: 'app', lockfileVersion: 3, packages: { '': { name: 'app' } } }),
    };
    expect((await generateBy('syft', empty, { report: bill([]) })).summary).toMatchObject({
      packages: 0,
      lockfile_count: 1,
    });
  });

  it.each([
    ['garbage', { report: 'I am a banner\n' }, 'TOOL_REPORT_INVALID'],
    ['half a document', { report: JSON.stringify(bill([ALPHA])).slice(0, 200) }, 'TOOL_REPORT_INVALID'],
    ['no report', {}, 'TOOL_REPORT_MISSING'],
    ['an empty report', { report: '' }, 'TOOL_REPORT_MISSING'],
    ['a failure, whatever it wrote', { exitCode: 1, report: bill([ALPHA, BETA]) }, 'TOOL_EXIT_UNEXPECTED'],
    ['another kind of document', { report: { spdxVersion: 'SPDX-2.3' } }, 'TOOL_REPORT_INVALID'],
    ['an old version of the format', { report: bill([ALPHA], { specVersion: '1.3' }) }, 'TOOL_REPORT_INVALID'],
    ['components that are no list', { report: bill([], { components: {} }) }, 'TOOL_REPORT_INVALID'],
    ['a component without a name', { report: bill([{ type: 'library' }]) }, 'TOOL_REPORT_INVALID'],
    [
      'a file outside of the tree',
      { report: bill([{ ...ALPHA, properties: place('/etc/passwd') }]) },
      'TOOL_REPORT_OUTSIDE',
    ],
    [
      'a path that climbs',
      { report: bill([{ ...ALPHA, properties: place('/inputs/tree/../x') }]) },
      'TOOL_REPORT_OUTSIDE',
    ],
  ])('%s is a failure', async (_what, answer, code) => {
    expect(await codeOf(generateBy('syft', FILES, answer))).toBe(code);
  });
});

describe('package URLs of tools', () => {
  it.each([
    ['pkg:npm/%40scope/a@1.0.0', { type: 'npm', name: '@scope/a', version: '1.0.0', elsewhere: undefined }],
    [
      'pkg:golang/github.com/x/y@v1.2.3#sub',
      { type: 'golang', name: 'github.com/x/y', version: 'v1.2.3', elsewhere: undefined },
    ],
    ['PKG:Maven/g/a', { type: 'other', name: 'g/a', version: undefined, elsewhere: undefined }],
    [
      'pkg:npm/a@1?download_url=https://h.example/a',
      { type: 'npm', name: 'a', version: '1', elsewhere: { kind: 'url', url: 'https://h.example/a' } },
    ],
    ['pkg:npm/', undefined],
    ['pkg:npm/%zz@1', undefined],
    ['npm/a', undefined],
  ])('%s', (text, expected) => {
    expect(readToolPurl(text)).toEqual(expected);
  });
});

it('[§14 C] a lockfile that says what is not so is told, whoever lists its packages', async () => {
  const files = { 'package-lock.json': LOCK, 'package.json': '{"dependencies": {"alpha": "^1.0.0", "gamma": "1"}}' };
  const { problems } = await generateBy('syft', files, { report: bill([ALPHA, BETA]) });
  expect(problems).toMatchObject([{ code: 'SBOM_LOCKFILE_BEHIND', severity: 'error' }]);
});
