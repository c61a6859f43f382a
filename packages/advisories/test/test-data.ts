import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

/** The shared test data beside the checkout; never part of it. */
export const DATA = fileURLToPath(new URL('../../../../shared/data/', import.meta.url));
export const HAS_DATA = existsSync(DATA);
/** Appended to the name of a suite that cannot run without the data, so that a skip explains itself. */
export const NO_DATA = HAS_DATA ? '' : ' — SKIPPED: the shared test data (../shared/data) is not here';

export function readJson(path: string): unknown {
  return JSON.parse(readFileSync(`${DATA}${path}`, 'utf8'));
}

export function linesOf(name: string): string[] {
  return gunzipSync(readFileSync(`${DATA}osv/${name}.ndjson.gz`))
    .toString('utf8')
    .split('\n')
    .filter(Boolean);
}
