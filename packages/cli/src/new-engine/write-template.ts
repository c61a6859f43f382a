import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sdk from '@mex/engine-sdk/package.json' with { type: 'json' };
import { parseStrictJson } from '@mex/envelope/json';
import { VERSION } from '../version.ts';
import type { EngineNames } from './engine-names.ts';
import type { PackedPackages } from './packed-packages.ts';

/** The template is a package of its own, two folders up from this file in the sources as in what is built. */
const TEMPLATE = fileURLToPath(new URL('../../templates/engine/', import.meta.url));

/** What the template is called. */
const PLACEHOLDER: EngineNames = { id: 'engine.example.words', packageName: 'engine-words' };

/** Packers leave the one out wherever it is, and the other would be a package within a package. */
const RENAMED: Readonly<Record<string, string>> = {
  gitignore: '.gitignore',
  'package.template.json': 'package.json',
};

/**
 * Writes a new engine package.
 * @param packed tarballs to depend on instead of the published versions of this installation
 * @returns paths of what was written, sorted
 */
export function writeTemplate(dir: string, names: EngineNames, packed: PackedPackages | undefined): string[] {
  const written: string[] = [];
  for (const path of templateFiles('')) {
    const target = RENAMED[path] ?? path;
    const text = readFileSync(join(TEMPLATE, path), 'utf8');
    mkdirSync(dirname(join(dir, target)), { recursive: true });
    const content = target === 'package.json' ? describePackage(text, names, packed) : rename(text, names);
    writeFileSync(join(dir, target), content, { flag: 'wx' });
    written.push(target);
  }
  return written.sort();
}

function templateFiles(below: string): string[] {
  return readdirSync(join(TEMPLATE, below), { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === 'node_modules' || entry.name === 'dist') return [];
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    return entry.isDirectory() ? templateFiles(path) : [path];
  });
}

function rename(text: string, { id, packageName }: EngineNames): string {
  return text.replaceAll(PLACEHOLDER.id, id).replaceAll(PLACEHOLDER.packageName, packageName);
}

/** The template's package.json with the new name, and exactly the versions that belong to this command. */
function describePackage(text: string, { packageName }: EngineNames, packed: PackedPackages | undefined): string {
  const described = { ...objectOf(parseStrictJson(text)), name: packageName };
  const wanted = {
    ...objectOf(Reflect.get(described, 'devDependencies')),
    '@mex/cli': VERSION,
    '@mex/engine-sdk': sdk.version,
  };
  if (packed === undefined) return toText({ ...described, devDependencies: wanted });
  const entries = Object.entries(wanted).flatMap(([name, version]) => {
    const tarball = packed.get(name);
    if (tarball !== undefined) return [[name, tarball] as const];
    return name.startsWith('@mex/') ? [] : [[name, version] as const];
  });
  const others = [...packed].filter(([name]) => !Object.hasOwn(wanted, name));
  return toText({ ...described, devDependencies: Object.fromEntries(entries), overrides: Object.fromEntries(others) });
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function toText(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
