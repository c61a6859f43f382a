import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** One package of a test project; `license: null` leaves it out. */
export interface TestPackage {
  readonly name: string;
  readonly version: string;
  readonly license?: string | null;
}

const ALPHA: TestPackage = { name: 'alpha', version: '1.0.0' };

/** An npm project with a lockfile, and more files by path. Nothing in it is wrong unless it is asked for. */
export function writeCleanProject(
  dir: string,
  packages: readonly TestPackage[] = [ALPHA],
  files: Readonly<Record<string, string>> = {},
): string {
  const dependencies = Object.fromEntries(packages.map(({ name, version }) => [name, version]));
  const manifest = { name: 'demo', version: '1.2.3', license: 'MIT', dependencies };
  const entries = packages.map(({ name, version, license = 'MIT' }) => [
    `node_modules/${name}`,
    {
      version,
      resolved: `https://registry.example/${name}/-/${name}-${version}.tgz`,
      ...(license === null ? {} : { license }),
    },
  ]);
  const lock = { lockfileVersion: 3, packages: { '': manifest, ...Object.fromEntries(entries) } };
  write(dir, {
    'package.json': JSON.stringify(manifest),
    'package-lock.json': JSON.stringify(lock),
    'index.js': 'export const answer = 42;\n',
    ...files,
  });
  return dir;
}

export function write(dir: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
}

export const HIGH = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N';
export const LOW = 'CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N';

const DAY_MS = 86_400_000;

/** Days from today as RFC 3339; scans are judged by the real clock. */
export function daysFromNow(days: number): string {
  return new Date(Date.now() + days * DAY_MS).toISOString().replace(/\.\d+Z$/, 'Z');
}

export interface TestAdvisory {
  readonly id: string;
  readonly name: string;
  readonly vector?: string;
  readonly ageDays?: number;
  readonly ecosystem?: string;
}

/** A directory of OSV records: each says that a package is vulnerable below 2.0.0. */
export function writeAdvisories(dir: string, advisories: readonly TestAdvisory[]): string {
  const records = advisories.map(({ id, name, vector = HIGH, ageDays = 1, ecosystem = 'npm' }) => ({
    id,
    modified: daysFromNow(-ageDays),
    summary: `Something about ${name}`,
    severity: [{ type: 'CVSS_V3', score: vector }],
    affected: [
      {
        package: { ecosystem, name },
        ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed: '2.0.0' }] }],
      },
    ],
  }));
  write(dir, Object.fromEntries(records.map((record) => [`${record.id}.json`, JSON.stringify(record)])));
  return dir;
}

/** Advisories that speak of nothing that a clean project has. */
export const HARMLESS: readonly TestAdvisory[] = [{ id: 'TEST-0', name: 'something-else' }];

/** A token as a code host issues it, put together here so that no file of the repository holds one. */
export function plantedToken(): string {
  return ['gh', 'p_', 'x7Kq2Zr9Lm', '4Vt8Wb3Nc6', 'Yd1Hf5Js0P', 'aQeUg2'].join('');
}

/** An OpenVEX document with one statement. */
export function openVex(vulnerability: string, product: string, expires: string): string {
  return JSON.stringify({
    '@context': 'https://openvex.dev/ns/v0.2.0',
    '@id': 'https://vex.example/allow',
    author: 'operator@vex.example',
    timestamp: daysFromNow(-30),
    version: 1,
    statements: [
      {
        vulnerability: { name: vulnerability },
        products: [{ '@id': product }],
        status: 'not_affected',
        justification: 'vulnerable_code_not_in_execute_path',
        status_notes: `Only called with constants.\nexpires: ${expires.slice(0, 10)}`,
      },
    ],
  });
}
