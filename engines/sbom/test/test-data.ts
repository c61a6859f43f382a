import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The shared test data beside the checkout; never part of it. */
export const DATA = fileURLToPath(new URL('../../../../shared/data/', import.meta.url));

/** Appended to the name of a suite that cannot run without the data, so that a skip explains itself. */
export const NO_DATA = existsSync(DATA) ? '' : ' — SKIPPED: the shared test data (../shared/data) is not here';

export const HAS_DATA = NO_DATA === '';

export interface LockfileSample {
  readonly id: string;
  /** Absolute directory of the sample and the lockfile's name in it. */
  readonly dir: string;
  readonly file: string;
  readonly format: string;
}

/** The real lockfiles that SOURCES.tsv lists; empty without the data. */
export function lockfileSamples(): LockfileSample[] {
  if (!HAS_DATA) return [];
  const [, ...rows] = readFileSync(`${DATA}lockfiles/SOURCES.tsv`, 'utf8').trim().split('\n');
  return rows.map((row) => {
    const cells = row.split('\t');
    const path = cells[8] ?? '';
    const slash = path.lastIndexOf('/');
    return {
      id: cells[0] ?? '',
      format: cells[3] ?? '',
      dir: `${DATA}${path.slice(0, slash)}`,
      file: path.slice(slash + 1),
    };
  });
}

export interface ExpectedSbom {
  readonly packages: readonly (readonly [string, string])[];
  readonly nonregistry: readonly { readonly name: string; readonly version?: string }[];
  readonly excluded_workspaces: readonly { readonly name: string }[];
  readonly notes: readonly string[];
}

export function expectedSbom(id: string): ExpectedSbom | undefined {
  const file = `${DATA}expected-sbom/${id}.json`;
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

export function readJson(path: string): Record<string, unknown> {
  return JSON.parse(readFileSync(`${DATA}${path}`, 'utf8'));
}

export function filesOf(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' }).toSorted();
}
