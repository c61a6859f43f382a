import { describe, expect, it } from 'vitest';
import { gemfileLockReader } from '../../src/lockfiles/gemfile-lock.ts';
import { edgeList, entry, read } from './npm-family-reading.ts';

const HEX = 'cd'.repeat(32);

const LOCK = `GIT
  remote: https://user:secret@host.example/g.git
  revision: 0123456789abcdef0123456789abcdef01234567
  branch: main
  specs:
    g (0.1.0)
      nokogiri (>= 1.6)

PATH
  remote: .
  specs:
    app (2.0.0)
      rake

PATH
  remote: engines/local
  specs:
    local (0.0.1)

GEM
  remote: https://registry.example/
  specs:
    nokogiri (1.15.2-x86_64-linux)
      racc (~> 1.4)
    nokogiri (1.15.2)
      mini_portile2 (~> 2.8.2)
      racc (~> 1.4)
    mini_portile2 (2.8.2)
    racc (1.7.0)
    rake (13.0.6)
      bundler

PLATFORMS
  ruby
  x86_64-linux

DEPENDENCIES
  app!
  g!
  nokogiri (~> 1.15)
  only-on-windows

CHECKSUMS
  nokogiri (1.15.2) sha256=${HEX}
  nokogiri (1.15.2-x86_64-linux) sha256=${'ef'.repeat(32)}
  app (2.0.0)

RUBY VERSION
   ruby 3.2.2p53

BUNDLED WITH
   2.5.4
`;

describe('Gemfile.lock', () => {
  it('reads sources, platforms, edges, digests and what is direct', async () => {
    for (const text of [LOCK, LOCK.replaceAll('\n', '\r\n')]) {
      const inventory = await read(gemfileLockReader, 'Gemfile.lock', text);
      expect(inventory.packages.map((one) => `${one.name}@${one.version} ${one.source.kind}`)).toEqual([
        'app@2.0.0 workspace',
        'g@0.1.0 git',
        'local@0.0.1 path',
        'mini_portile2@2.8.2 registry',
        'nokogiri@1.15.2 registry',
        'racc@1.7.0 registry',
        'rake@13.0.6 registry',
      ]);
      expect(entry(inventory, 'nokogiri@1.15.2').hashes).toHaveLength(2);
      expect(edgeList(inventory).map((edge) => edge.replace(/\|\S+/g, ''))).toEqual([
        'app@2.0.0 > rake@13.0.6',
        'g@0.1.0 > nokogiri@1.15.2',
        'nokogiri@1.15.2 > mini_portile2@2.8.2',
        'nokogiri@1.15.2 > racc@1.7.0',
      ]);
      expect(inventory.direct.map((key) => key.split('|')[0])).toEqual(['g@0.1.0', 'nokogiri@1.15.2', 'rake@13.0.6']);
      expect(inventory.root).toEqual({ name: 'app', version: '2.0.0' });
      expect(inventory.warnings).toEqual([]);
      expect(JSON.stringify(inventory.packages)).not.toContain('secret');
    }
  });
});
