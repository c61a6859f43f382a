import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));

/** What this needs of a package.json. */
interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly bin?: Readonly<Record<string, string>>;
}

function readManifest(dir: string): Manifest {
  return JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'));
}

/** Where the packages of MEX are in this checkout, by name. */
const SOURCES: ReadonlyMap<string, string> = new Map(
  ['packages', 'engines'].flatMap((floor) =>
    readdirSync(join(ROOT, floor))
      .map((name) => join(ROOT, floor, name))
      .filter((dir) => existsSync(join(dir, 'package.json')))
      .map((dir) => [readManifest(dir).name, dir] as const),
  ),
);

function sourceOf(name: string): string {
  const dir = SOURCES.get(name);
  if (dir === undefined) throw new Error(`no package ${name} in this checkout`);
  return dir;
}

/**
 * Installs what a package.json asks for without a registry: packages of MEX as `pnpm pack` packs them, each once into
 * `packed`, and their dependencies from this checkout, where they have to be of the version that is asked for.
 */
export function installFromPacked(dir: string, packed: string): void {
  const { dependencies = {}, devDependencies = {} } = readManifest(dir);
  for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) {
    installOne(dir, packed, name, version, ROOT);
    linkCommands(dir, name);
  }
}

/** @param from the directory of the checkout whose dependency it is */
function installOne(dir: string, packed: string, name: string, version: string, from: string): void {
  const target = join(dir, 'node_modules', name);
  if (existsSync(target)) return;
  mkdirSync(dirname(target), { recursive: true });
  if (!name.startsWith('@mex/')) {
    const source = realpathSync(join(from, 'node_modules', name));
    const found = readManifest(source).version;
    if (found !== version) throw new Error(`${name} ${version} is asked for; the checkout has ${found}`);
    symlinkSync(source, target);
    return;
  }
  mkdirSync(target);
  execFileSync('tar', ['-xzf', pack(name, packed), '-C', target, '--strip-components=1']);
  const manifest = readManifest(target);
  if (manifest.version !== version) throw new Error(`${name} ${version} is asked for; packed is ${manifest.version}`);
  for (const [dependency, wanted] of Object.entries(manifest.dependencies ?? {})) {
    installOne(dir, packed, dependency, wanted, sourceOf(name));
  }
}

function pack(name: string, packed: string): string {
  const source = sourceOf(name);
  const tarball = join(packed, `${name.replace('@', '').replace('/', '-')}-${readManifest(source).version}.tgz`);
  if (existsSync(tarball)) return tarball;
  const pnpm = join(ROOT, 'node_modules', '.bin', 'pnpm');
  execFileSync(pnpm, ['pack', '--out', tarball], { cwd: source, stdio: ['ignore', 'ignore', 'inherit'] });
  return tarball;
}

function linkCommands(dir: string, name: string): void {
  const bin = join(dir, 'node_modules', '.bin');
  mkdirSync(bin, { recursive: true });
  for (const [command, file] of Object.entries(readManifest(join(dir, 'node_modules', name)).bin ?? {})) {
    const target = join(dir, 'node_modules', name, file);
    if (name.startsWith('@mex/')) chmodSync(target, 0o755);
    if (!existsSync(join(bin, command))) symlinkSync(target, join(bin, command));
  }
}
