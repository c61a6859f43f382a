import { parseStrictJson } from '@mex/envelope';
import { describe, expect, it } from 'vitest';
import { DOCUMENTS, goldenDocuments, invalidCases, validCases } from './documents.ts';
import { refusalOf } from './json/refusal-of.ts';

/** Members whose content is somebody else's: there any name may be. */
const OPEN: readonly RegExp[] = [
  /\/params$/,
  /\/params\//,
  /\/params_schema/,
  /\/summary/,
  /\/json(\/|$)/,
  /\/tool_versions$/,
  /\/properties/,
  /\/certificate/,
  /^\/engines/,
];

type Path = readonly (string | number)[];

/** Every object in a value, with its place. */
function* objectsIn(value: unknown, path: Path = []): Generator<{ path: Path; object: object }> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield { path, object: value };
  for (const [key, member] of Object.entries(value)) yield* objectsIn(member, [...path, key]);
}

function objectAt(root: unknown, path: Path): Record<string, unknown> {
  let value = root;
  for (const key of path) value = Reflect.get(Object(value), key);
  return value as Record<string, unknown>;
}

const pointerOf = (path: Path): string => path.map((key) => `/${key}`).join('');
const isOpen = (path: Path): boolean => OPEN.some((open) => open.test(pointerOf(path)));

it('there are golden cases for every document and no others', () => {
  expect(goldenDocuments()).toEqual(DOCUMENTS.map((document) => document.name));
});

describe.each(DOCUMENTS)('$name', ({ name, read, check }) => {
  it.each(validCases(name))('reads $name', ({ bytes }) => {
    const value = read(bytes);
    expect(check(value)).toBe(true);
    expect(JSON.parse(JSON.stringify(value))).toEqual(JSON.parse(new TextDecoder().decode(bytes)));
  });

  it.each(invalidCases(name))('refuses $name: $code', ({ bytes, code, where }) => {
    const refusal = refusalOf(() => read(bytes));
    expect(refusal.code).toBe(code);
    expect(refusal.message).toContain(where);
    expect(refusal.remedy ?? 'none').not.toBe('');
  });

  it('[§2] refuses an unknown member wherever its own members are, at every depth', () => {
    for (const { bytes } of validCases(name)) {
      for (const { path } of objectsIn(parseStrictJson(bytes))) {
        if (isOpen(path)) continue;
        const value = parseStrictJson(bytes);
        objectAt(value, path)['human_consent_obtained'] = [];
        if (check(value)) expect.fail(`${pointerOf(path)} takes unknown members`);
      }
    }
  });

  it('refuses null in the place of any of its own members', () => {
    const nullable =
      /^\/(exit_code|stdout_ref|stderr_ref|env_ref|(before|after|diff|result)_hash|error|last_heartbeat_ts)$/;
    for (const { bytes } of validCases(name)) {
      for (const { path, object } of objectsIn(parseStrictJson(bytes))) {
        for (const key of Object.keys(object)) {
          const pointer = pointerOf([...path, key]);
          // A certificate is read by whoever verifies it.
          if (isOpen(path) || nullable.test(pointer) || pointer === '/certificate') continue;
          const value = parseStrictJson(bytes);
          objectAt(value, path)[key] = null;
          if (check(value)) expect.fail(`${pointer} may be null`);
        }
      }
    }
  });
});
