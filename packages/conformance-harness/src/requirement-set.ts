import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MexError, parseStrictJson } from '@mex/envelope';
import { digestJson } from '@mex/envelope/digest';
import {
  type ConformanceCase,
  caseChecker,
  type ExpectedFailures,
  expectedFailureChecker,
  type RequirementSet,
  requirementChecker,
} from './case-file.ts';
import { conformanceError } from './errors.ts';

/** A case and the area it was found in. */
export type AreaCase = ConformanceCase & { readonly area: string };

/** Everything an engine is judged by. */
export interface Requirements {
  readonly set: RequirementSet;
  /** In the order of the set. */
  readonly cases: readonly AreaCase[];
  readonly expectedFailures: ExpectedFailures['entries'];
  /** Over the set and every case: what a certificate names. */
  readonly sha256: string;
}

/** Beside the sources, and beside what is built of them. */
const RESOURCES = new URL('../', import.meta.url);

/**
 * Reads `requirements.json`, `expected-failures.json` and every `cases/<area>/<name>/case.json`.
 * @throws MexError `CONFORMANCE_CASES_INVALID`: a file is no such document, or set and folders do not name the same cases
 */
export function loadRequirements(resources: URL = RESOURCES): Requirements {
  const root = fileURLToPath(resources);
  const read = <T>(file: string, checker: { parse: (value: unknown, what: string) => T }): T => {
    try {
      return checker.parse(parseStrictJson(readFileSync(join(root, file))), file);
    } catch (cause) {
      throw invalid(cause instanceof MexError ? cause.message : `${file} cannot be read.`, cause);
    }
  };
  const set = read('requirements.json', requirementChecker);
  const { entries: expectedFailures } = read('expected-failures.json', expectedFailureChecker);
  const found = new Map<string, AreaCase>();
  for (const { area, file } of listCases(root)) {
    const one = { ...read(file, caseChecker), area };
    if (found.has(one.id)) throw invalid(`${file}: there is another case ${one.id}.`);
    found.set(one.id, one);
  }
  const cases = orderCases(set, found);
  for (const { case: id } of expectedFailures)
    if (!found.has(id)) throw invalid(`expected-failures.json names ${id}, which is no case.`);
  return { set, cases, expectedFailures, sha256: digestJson({ set, cases: cases.map((one) => ({ ...one })) }) };
}

function listCases(root: string): { area: string; file: string }[] {
  const folders = (path: string): string[] =>
    readdirSync(join(root, path), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort();
  return folders('cases').flatMap((area) =>
    folders(join('cases', area)).map((name) => ({ area, file: join('cases', area, name, 'case.json') })),
  );
}

/** Both ways: a case that the set does not name would be run unnoticed, one that is not there would be missed. */
function orderCases(set: RequirementSet, found: ReadonlyMap<string, AreaCase>): AreaCase[] {
  const named = new Set(set.cases.map(({ id }) => id));
  const stray = [...found.keys()].find((id) => !named.has(id));
  if (stray !== undefined) throw invalid(`The case ${stray} is not in requirements.json.`);
  const before = new Set<string>();
  return set.cases.map(({ id }) => {
    const one = found.get(id);
    if (one === undefined) throw invalid(`requirements.json names ${id}, which has no folder.`);
    const late = one.builds_on.find((other) => !before.has(other));
    if (late !== undefined) throw invalid(`${id} builds on ${late}, which does not come before it.`);
    if (before.has(id)) throw invalid(`requirements.json names ${id} twice.`);
    before.add(id);
    return one;
  });
}

function invalid(message: string, cause?: unknown): MexError {
  const remedy = 'Install @mex/conformance-harness again; whoever changed it corrects the file.';
  return conformanceError('CONFORMANCE_CASES_INVALID', 'internal', message, remedy, cause);
}
