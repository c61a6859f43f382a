import { describe, expect, it } from 'vitest';
import { composerLockReader } from '../../src/lockfiles/composer-lock.ts';
import { edgeList, entry, read } from './npm-family-reading.ts';

const SHA1 = 'ab'.repeat(20);
const COMMIT = '0123456789abcdef0123456789abcdef01234567';

const LOCK = JSON.stringify({
  'content-hash': 'x',
  packages: [
    {
      name: 'Acme/Log',
      version: 'v1.2.0',
      source: { type: 'git', url: 'https://host.example/log.git', reference: COMMIT },
      dist: { type: 'zip', url: 'https://u:p@host.example/api/zipball/x', reference: COMMIT, shasum: SHA1 },
      require: { php: '>=8', 'ext-json': '*', 'psr/log-implementation': '*', 'gone/gone': '1' },
      license: ['MIT', 'BSD-3-Clause'],
      'notification-url': 'https://registry.example/downloads/',
    },
    {
      name: 'acme/provider',
      version: '1.0.0',
      provide: { 'psr/log-implementation': '1' },
      dist: { type: 'zip', url: 'https://registry.example/p.zip', shasum: '' },
    },
    {
      name: 'acme/fork',
      version: 'dev-main',
      source: { type: 'git', url: 'https://host.example/fork.git', reference: COMMIT },
      dist: { type: 'zip', url: `https://api.host.example/repos/acme/fork/zipball/${COMMIT}` },
    },
    { name: 'acme/local', version: '1.0.0', dist: { type: 'path', url: '../local' } },
    { name: 'acme/no-version' },
    null,
  ],
  'packages-dev': [{ name: 'acme/test', version: '9.0.0', 'notification-url': 'x' }],
});

describe('composer.lock', () => {
  it('reads packages, development packages, licenses, archives, virtual packages and sources', async () => {
    const manifest = JSON.stringify({
      name: 'me/app',
      license: 'MIT',
      require: { 'acme/log': '^1' },
      'require-dev': { 'acme/test': '*' },
    });
    const inventory = await read(composerLockReader, 'composer.lock', LOCK, { 'composer.json': manifest });
    expect(inventory.packages.map((one) => `${one.name}@${one.version} ${one.source.kind} ${one.dev}`)).toEqual([
      'Acme/Log@v1.2.0 registry false',
      'acme/fork@dev-main git false',
      'acme/local@1.0.0 path false',
      'acme/provider@1.0.0 registry false',
      'acme/test@9.0.0 registry true',
    ]);
    expect(entry(inventory, 'Acme/Log@v1.2.0')).toMatchObject({
      source: { url: 'https://host.example/api/zipball/x' },
      licenses: ['MIT', 'BSD-3-Clause'],
      hashes: [{ algorithm: 'SHA-1', hex: SHA1 }],
    });
    expect(edgeList(inventory)).toEqual(['Acme/Log@v1.2.0 > acme/provider@1.0.0']);
    expect(inventory.direct).toEqual(['Acme/Log@v1.2.0', 'acme/test@9.0.0']);
    expect(inventory.root).toEqual({ name: 'me/app', licenses: ['MIT'] });
    expect(inventory.warnings.map(({ code }) => code).sort()).toEqual([
      'SBOM_ENTRY_SKIPPED',
      'SBOM_ENTRY_SKIPPED',
      'SBOM_UNRESOLVED_DEPENDENCY',
    ]);
  });
});
