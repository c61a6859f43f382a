import { describe, expect, it } from 'vitest';
import { cargoLockReader } from '../../src/lockfiles/cargo-lock.ts';
import { composerLockReader } from '../../src/lockfiles/composer-lock.ts';
import { gemfileLockReader } from '../../src/lockfiles/gemfile-lock.ts';
import { goModulesReader } from '../../src/lockfiles/go-modules.ts';
import { poetryLockReader } from '../../src/lockfiles/poetry-lock.ts';
import { requirementsReader } from '../../src/lockfiles/requirements-file.ts';
import { uvLockReader } from '../../src/lockfiles/uv-lock.ts';
import type { LockfileReader } from '../../src/model.ts';
import { errorOf, flawsOf, read } from './npm-family-reading.ts';

const with_ = (reader: LockfileReader, path: string) => (text: string) => read(reader, path, text);
const cargo = with_(cargoLockReader, 'Cargo.lock');
const composer = with_(composerLockReader, 'composer.lock');
const gem = with_(gemfileLockReader, 'Gemfile.lock');
const go = with_(goModulesReader, 'go.mod');
const sum = with_(goModulesReader, 'go.sum');
const poetry = with_(poetryLockReader, 'poetry.lock');
const pip = with_(requirementsReader, 'requirements.txt');
const uv = with_(uvLockReader, 'uv.lock');
const DEEP = 100_000;

describe('files that are not lockfiles', () => {
  it.each([
    ['cargo: empty', cargo, '', 'SBOM_LOCKFILE_SHAPE', undefined],
    ['cargo: truncated', cargo, 'version = 4\n\n[[package]]\nname = "a', 'SBOM_LOCKFILE_SYNTAX', 4],
    ['cargo: a version from the future', cargo, 'version = 99\n', 'SBOM_LOCKFILE_VERSION', 1],
    ['cargo: a version that is none', cargo, 'version = [4]\n', 'SBOM_LOCKFILE_VERSION', 1],
    ['cargo: deep arrays', cargo, `a = ${'['.repeat(DEEP)}`, 'SBOM_LOCKFILE_TOO_DEEP', 1],
    ['cargo: deep tables', cargo, `a = ${'{a='.repeat(DEEP)}`, 'SBOM_LOCKFILE_TOO_DEEP', 1],
    ['cargo: a deep key', cargo, `[${'a.'.repeat(DEEP)}a]`, 'SBOM_LOCKFILE_SHAPE', undefined],
    ['cargo: a redefined table', cargo, '[a]\n[a]\n', 'SBOM_LOCKFILE_SYNTAX', 2],
    ['cargo: half a merge conflict', cargo, '<<<<<<< HEAD\nversion = 4\n', 'SBOM_LOCKFILE_SYNTAX', 1],
    ['poetry: empty', poetry, '', 'SBOM_LOCKFILE_SHAPE', undefined],
    ['poetry: a version from the future', poetry, '[metadata]\nlock-version = "9.0"', 'SBOM_LOCKFILE_VERSION', 2],
    ['uv: empty', uv, '', 'SBOM_LOCKFILE_SHAPE', undefined],
    ['uv: a version from the future', uv, '\nversion = 2', 'SBOM_LOCKFILE_VERSION', 2],
    ['composer: truncated', composer, '{\n"packages": [{', 'SBOM_LOCKFILE_SYNTAX', 2],
    ['composer: no packages', composer, '{"packages": {}}', 'SBOM_LOCKFILE_SHAPE', undefined],
    ['composer: deep', composer, '['.repeat(DEEP), 'SBOM_LOCKFILE_SYNTAX', 1],
    ['gem: empty', gem, '', 'SBOM_LOCKFILE_SHAPE', undefined],
    ['gem: prose', gem, 'PLATFORMS\nhello world', 'SBOM_LOCKFILE_SYNTAX', 2],
    ['gem: no section', gem, '  specs:\n', 'SBOM_LOCKFILE_SYNTAX', 1],
    ['go: empty', go, '', 'SBOM_LOCKFILE_SHAPE', 1],
    ['go: truncated', go, 'module a\nrequire (\n\tb v1.0.0\n', 'SBOM_LOCKFILE_SYNTAX', 2],
    ['go: a stray parenthesis', go, 'module a\n)\n', 'SBOM_LOCKFILE_SYNTAX', 2],
    ['go: one endless line', go, `module ${'a'.repeat(DEEP)}`, 'SBOM_LOCKFILE_SYNTAX', 1],
    ['go.sum: prose', sum, 'hello world\n', 'SBOM_LOCKFILE_SYNTAX', 1],
    ['pip: NUL', pip, 'a==1\n\u0000', 'SBOM_LOCKFILE_SYNTAX', undefined],
  ])('%s', async (_name, reading, text, code, line) => {
    const error = await errorOf(reading(text));
    expect(error).toMatchObject({ code, line });
    expect(error.message.length).toBeLessThan(400);
  });
});

describe('names and values made to do harm', () => {
  const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];

  it('are names like any other', async () => {
    const tables = names
      .map((name) => `[[package]]\nname = "${name}"\nversion = "1"\nsource = {registry = "x"}\n`)
      .join('');
    const crates = names
      .map((name) => `[[package]]\nname = "${name}"\nversion = "1"\nsource = "registry+x"\n`)
      .join('');
    const specs = names.map((name) => `    ${name} (1)\n      ${names[0]}\n`).join('');
    const packages = names.map((name) => ({ name: `a/${name}`, version: '1', require: { 'a/__proto__': '1' } }));
    const inventories = [
      await uv(`version = 1\n${tables}[__proto__]\npolluted = 1\n[constructor.prototype]\npolluted = 1\n`),
      await cargo(`version = 4\n${crates}`),
      await gem(`GEM\n  remote: x\n  specs:\n${specs}\nDEPENDENCIES\n  __proto__\n`),
      await composer(JSON.stringify({ packages })),
      await pip(
        names
          .slice(1)
          .map((name) => `${name}==1`)
          .join('\n'),
      ),
      await go(`module a\ngo 1.20\nrequire (\n${names.map((name) => `${name} v1.0.0`).join('\n')}\n)`),
    ];
    for (const inventory of inventories) {
      expect(flawsOf(inventory)).toEqual([]);
      expect(inventory.packages.length, inventory.format).toBeGreaterThanOrEqual(3);
    }
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });

  it('a cycle is a graph like any other', async () => {
    const ring = Array.from(
      { length: 3000 },
      (_, index) =>
        `[[package]]\nname = "p${index}"\nversion = "1.0.0"\nsource = "registry+x"\ndependencies = ["p${(index + 1) % 3000}", "p${index}"]\n`,
    );
    const inventory = await cargo(`version = 4\n${ring.join('')}`);
    expect(inventory.edges.size).toBe(3000);
    expect(flawsOf(inventory)).toEqual([]);
  });

  it('warnings are bounded however much is wrong', async () => {
    const inventory = await pip('./nameless\n'.repeat(10_000));
    expect(inventory.warnings.length).toBe(201);
    expect(inventory.warnings.at(-1)?.message).toContain('9800');
  });

  it('many packages of one name do not multiply', async () => {
    const start = performance.now();
    const crates = Array.from(
      { length: 20_000 },
      (_, index) =>
        `[[package]]\nname = "a"\nversion = "${index}"\nsource = "registry+x"\ndependencies = ["a", "a ${(index * 7) % 20_000}"]\n`,
    );
    const inventory = await cargo(`version = 4\n${crates.join('')}`);
    expect(inventory.packages).toHaveLength(20_000);
    const tables = crates.map((text) =>
      text.replace(/dependencies.*/, 'dependencies = [{ name = "a" }]').replace(/source.*/, ''),
    );
    expect((await uv(`version = 1\n${tables.join('')}`)).edges.size).toBe(20_000);
    expect(performance.now() - start).toBeLessThan(15_000);
  });

  it('long lines and long names cost no more than their length', async () => {
    const start = performance.now();
    const long = 'a'.repeat(2_000_000);
    await pip(`${long}\n${' '.repeat(2_000_000)}#\n--hash=${long}\n${'--hash=x '.repeat(200_000)}`);
    await gem(`GEM\n  specs:\n    ${long} (1)\n${' '.repeat(2_000_000)}x`);
    await sum(`a v1.0.0 h1:x\n${long}\n${'\t'.repeat(2_000_000)}x`);
    await cargo(`version = 4\n[[package]]\nname = "${long}"\nversion = "${long}"\ndependencies = ["${long}"]\n`);
    await uv(`version = 1\n[[package]]\nname = "${'-_.'.repeat(600_000)}"\nsource = { git = "https://${long}" }\n`);
    expect(performance.now() - start).toBeLessThan(5000);
  });

  it('credentials and control characters do not reach messages', async () => {
    const error = await errorOf(gem('https://user:secret@host.example/ \u001b[31m'));
    expect(error.message).not.toContain('secret');
    expect(error.message).not.toContain('\u001b');
    const inventory = await pip('https://user:secret@host.example/\u001b');
    expect(JSON.stringify(inventory.warnings)).not.toMatch(/secret|\\u001b/);
  });
});
