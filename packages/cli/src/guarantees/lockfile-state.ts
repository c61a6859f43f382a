import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseStrictJson } from '@mex/envelope/json';
import type { Evidence, Findings } from './guarantee.ts';

/** Manifests of package managers, and the lockfiles that pin them. */
const MANIFESTS: readonly (readonly [manifest: string, lockfiles: readonly string[]])[] = [
  ['package.json', ['pnpm-lock.yaml', 'package-lock.json', 'npm-shrinkwrap.json', 'yarn.lock', 'bun.lock']],
  ['Cargo.toml', ['Cargo.lock']],
  ['pyproject.toml', ['uv.lock', 'poetry.lock', 'pdm.lock']],
  ['go.mod', ['go.sum']],
  ['Gemfile', ['Gemfile.lock']],
  ['composer.json', ['composer.lock']],
];

/** C: every manifest of a directory has its lockfile, the lockfile is about this manifest, and what is installed is what it says. */
export function lockfileState(directory: string): Findings {
  const found = MANIFESTS.filter(([manifest]) => existsSync(join(directory, manifest)));
  if (found.length === 0) return { notApplicable: `${directory} has no manifest of a package manager MEX knows.` };
  const evidence = found.flatMap(([manifest, locks]) => oneManifest(directory, manifest, locks));
  return { evidence };
}

function oneManifest(directory: string, manifest: string, locks: readonly string[]): Evidence[] {
  const lock = locks.find((name) => existsSync(join(directory, name)));
  const present: Evidence = {
    checked: `${manifest} has a lockfile beside it`,
    how: `looked for ${locks.join(', ')}`,
    result: lock ?? 'none',
    held: lock !== undefined,
  };
  if (lock === undefined) return isEmpty(directory, manifest) ? [empty(manifest)] : [present];
  if (manifest !== 'package.json') return [present, unread(lock)];
  return [present, ...usedBy(directory, lock)];
}

function empty(manifest: string): Evidence {
  return { checked: `${manifest} needs a lockfile`, how: 'read it', result: 'it has no dependencies', held: true };
}

function isEmpty(directory: string, manifest: string): boolean {
  return manifest === 'package.json' && dependenciesOf(directory).length === 0;
}

/** No false passes: what MEX cannot compare is not said to be used. */
function unread(lock: string): Evidence {
  return {
    checked: `${lock} is what is installed`,
    how: 'this version compares installations of npm and pnpm only',
    result: 'not compared',
    held: false,
  };
}

function usedBy(directory: string, lock: string): Evidence[] {
  const text = readFileSync(join(directory, lock), 'utf8');
  const missing = dependenciesOf(directory).filter((name) => !names(text, name));
  const about: Evidence = {
    checked: `${lock} names every direct dependency`,
    how: 'compared with package.json',
    result: missing.length === 0 ? 'all of them' : `missing: ${missing.slice(0, 5).join(', ')}`,
    held: missing.length === 0,
  };
  if (!existsSync(join(directory, 'node_modules'))) {
    const result = 'nothing is installed here, so nothing differs from it';
    return [about, { checked: 'what is installed is what it says', how: 'node_modules', result, held: true }];
  }
  if (lock === 'pnpm-lock.yaml') return [about, samePnpm(directory, text)];
  if (lock === 'package-lock.json' || lock === 'npm-shrinkwrap.json') return [about, sameNpm(directory, text)];
  return [about, unread(lock)];
}

function names(text: string, name: string): boolean {
  return [`"${name}"`, `'${name}'`, `${name}:`, `${name}@`, `/${name}"`].some((form) => text.includes(form));
}

/** pnpm keeps the lockfile it installed from. */
function samePnpm(directory: string, text: string): Evidence {
  const kept = join(directory, 'node_modules', '.pnpm', 'lock.yaml');
  const how = 'compared with the lockfile that pnpm keeps of its installation';
  const checked = 'what is installed is what it says';
  if (!existsSync(kept)) return { checked, how, result: 'pnpm did not install this', held: false };
  const held = strip(readFileSync(kept, 'utf8')) === strip(text);
  return { checked, how, result: held ? 'equal' : 'different: install again with --frozen-lockfile', held };
}

/** Line ends and the lockfile's own settings apart, both have the same text. */
function strip(text: string): string {
  return text.replaceAll('\r\n', '\n').trim();
}

/** npm keeps what it installed, package by package. Optional packages of other platforms are left out of it. */
function sameNpm(directory: string, text: string): Evidence {
  const kept = join(directory, 'node_modules', '.package-lock.json');
  const how = 'compared with the record that npm keeps of its installation';
  const checked = 'what is installed is what it says';
  if (!existsSync(kept)) return { checked, how, result: 'npm did not install this', held: false };
  const installed = packagesOf(readFileSync(kept, 'utf8'));
  const locked = packagesOf(text);
  const other = [...installed].find(([path, integrity]) => locked.get(path) !== integrity);
  const result = other === undefined ? `equal, ${installed.size} packages` : `different: ${other[0]}`;
  return { checked, how, result, held: other === undefined && installed.size > 0 };
}

/** Path → version and integrity. */
function packagesOf(text: string): Map<string, string> {
  const packages = memberOf(parseStrictJson(text), 'packages');
  const entries = Object.entries(packages ?? {}).filter(([path]) => path !== '');
  return new Map(
    entries.map(([path, entry]) => [path, JSON.stringify([memberOf(entry, 'version'), memberOf(entry, 'integrity')])]),
  );
}

function dependenciesOf(directory: string): string[] {
  const manifest = parseStrictJson(readFileSync(join(directory, 'package.json'), 'utf8'));
  return ['dependencies', 'devDependencies'].flatMap((group) => Object.keys(memberOf(manifest, group) ?? {}));
}

function memberOf(value: unknown, name: string): object | undefined {
  const member: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
  return member === undefined || member === null ? undefined : Object(member);
}
