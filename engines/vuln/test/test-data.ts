import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The shared test data beside the checkout; never part of it. */
export const DATA = fileURLToPath(new URL('../../../../shared/data/', import.meta.url));

export const HAS_DATA = existsSync(DATA);

/** Appended to the name of a suite that cannot run without the data, so that a skip explains itself. */
export const NO_DATA = HAS_DATA ? '' : ' — SKIPPED: the shared test data (../shared/data) is not here';

export interface LockfileSample {
  readonly id: string;
  readonly ecosystem: string;
  /** Absolute directory of the sample. */
  readonly dir: string;
}

/** The real lockfiles that SOURCES.tsv lists; empty without the data. */
export function lockfileSamples(): LockfileSample[] {
  if (!HAS_DATA) return [];
  const [, ...rows] = readFileSync(`${DATA}lockfiles/SOURCES.tsv`, 'utf8').trim().split('\n');
  return rows.map((row) => {
    const cells = row.split('\t');
    const path = cells[8] ?? '';
    const ecosystem = path.split('/')[1] ?? '';
    return { id: cells[0] ?? '', ecosystem, dir: `${DATA}${path.slice(0, path.lastIndexOf('/'))}` };
  });
}

export interface ExpectedVulnerable {
  readonly package: string;
  readonly version: string;
  readonly ids: readonly string[];
}

export function expectedVuln(id: string): readonly ExpectedVulnerable[] | undefined {
  const file = `${DATA}expected-vuln/${id}.json`;
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

export function readJson(path: string): Record<string, unknown> {
  return JSON.parse(readFileSync(`${DATA}${path}`, 'utf8'));
}
