import { describe, expect, it } from 'vitest';
import { requirementsReader } from '../../src/lockfiles/requirements-file.ts';
import { entry, read } from './npm-family-reading.ts';

const HEX = 'cd'.repeat(32);
const pip = (text: string, path = 'requirements.txt') => read(requirementsReader, path, text);

describe('requirements.txt', () => {
  it('reads pins with hashes over several lines, extras, markers and comments', async () => {
    const inventory = await pip(
      `# made by a tool
PyYAML == 6.0.1 \\
    --hash=sha256:${HEX} \\
    --hash=sha256:${'ef'.repeat(32)}
requests[socks]===2.32.3 ; python_version >= "3.8"  # why
zope.interface (==5.0)\r
`,
    );
    expect(inventory.packages.map(({ key }) => key)).toEqual(['pyyaml@6.0.1', 'requests@2.32.3', 'zope-interface@5.0']);
    expect(entry(inventory, 'pyyaml@6.0.1').hashes).toHaveLength(2);
    expect(inventory).toMatchObject({ graph: 'none', format: 'requirements-txt', warnings: [] });
    expect(inventory.direct).toHaveLength(3);
  });

  it('keeps what is not pinned, without a version, and says where', async () => {
    const inventory = await pip('a\nb>=1,<2\n\nc==1.*\nd!=1\ne==1,==2');
    expect(inventory.packages.map((one) => `${one.name} ${one.version}`)).toEqual(
      ['a', 'b', 'c', 'd', 'e'].map((name) => `${name} undefined`),
    );
    expect(inventory.warnings.map(({ code, line }) => `${code} ${line}`)).toEqual(
      [1, 2, 4, 5, 6].map((line) => `SBOM_UNPINNED_REQUIREMENT ${line}`),
    );
  });

  it('reads repositories, archives and directories, credentials removed', async () => {
    const inventory = await pip(
      `a @ git+https://user:secret@host.example/a.git@0123456789abcdef0123456789abcdef01234567#egg=a
-e git+ssh://git@host.example/b.git@main#egg=b&subdirectory=x
https://user:secret@host.example/c-1.0-py3-none-any.whl
d @ https://\${TOKEN}@host.example/d.tar.gz ; python_version < "3"
--editable=./local#egg=e
./nameless
`,
    );
    expect(
      inventory.packages.map((one) => `${one.name} ${one.source.kind} ${one.source.url} ${one.source.commit ?? ''}`),
    ).toEqual([
      'a git https://host.example/a.git 0123456789abcdef0123456789abcdef01234567',
      'b git ssh://git@host.example/b.git ',
      'c url https://host.example/c-1.0-py3-none-any.whl ',
      'd url https://host.example/d.tar.gz ',
      expect.stringMatching(/^e path .*\.\/local/),
    ]);
    expect(inventory.warnings).toMatchObject([{ code: 'SBOM_ENTRY_SKIPPED', line: 6 }]);
  });

  it('notes includes and leaves other options alone', async () => {
    const inventory = await pip(
      '-r base.txt\n--requirement=more.txt\n-c constraints.txt\n-i https://registry.example/simple\n--no-binary :all:\n',
    );
    expect(inventory.packages).toEqual([]);
    expect(inventory.warnings.map(({ line }) => line)).toEqual([1, 2]);
  });

  it('takes the habit of naming files for development as a mark', async () => {
    const name = async (path: string) => (await pip('a==1', path)).packages[0]?.dev;
    expect(await name('requirements-dev.txt')).toBe(true);
    expect(await name('sub/requirements_test.txt')).toBe(true);
    expect(await name('requirements.txt')).toBe(false);
    expect(await name('requirements-prod.txt')).toBe(false);
    expect(await name('dev/requirements.txt')).toBe(false);
  });
});
