import { readdirSync, readFileSync } from 'node:fs';
import { parseStrictJson } from '@mex/envelope';
import { Ajv2020, type AnySchema, type ValidateFunction } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { publishedFiles } from '../scripts/published-schemas.ts';
import { patternFault } from '../src/params/pattern.ts';
import { DOCUMENTS, invalidCases, SCHEMAS, validCases } from './documents.ts';

const files = publishedFiles();
const read = (file: string): AnySchema => JSON.parse(readFileSync(new URL(file, SCHEMAS), 'utf8'));

/** `strict` refuses what a schema says without effect; unions of types are how TypeBox writes literals. */
function validatorOf(file: string): ValidateFunction {
  return new Ajv2020({ strict: true, allowUnionTypes: true, strictTypes: false }).compile(read(file));
}

describe('[§3] the published schemas', () => {
  it('are those of the source, no more and no fewer: to update, run "npm run schemas" in packages/envelope', () => {
    expect(readdirSync(SCHEMAS).sort()).toEqual([...files.keys()].sort());
    for (const [file, text] of files) expect(readFileSync(new URL(file, SCHEMAS), 'utf8'), file).toBe(text);
  });

  it('are there for every document', () => {
    expect([...files.keys()].sort()).toEqual(DOCUMENTS.map(({ name }) => `${name}.schema.json`).sort());
  });

  it('load side by side in one validator', () => {
    const ajv = new Ajv2020({ strict: true, strictTypes: false });
    for (const file of files.keys()) ajv.addSchema(read(file));
    expect(() => ajv.getSchema('mex:planned-operation')).not.toThrow();
  });

  it('hold their own patterns to what the patterns of engines are held to: no backtracking', () => {
    for (const text of files.values()) {
      for (const [, quoted = ''] of text.matchAll(/"pattern": (".*")/g)) {
        const pattern: string = JSON.parse(quoted);
        expect(patternFault(pattern), pattern).toBeUndefined();
      }
    }
  });

  it.each(DOCUMENTS)('$name is valid draft 2020-12, with title and description', ({ name }) => {
    const file = `${name}.schema.json`;
    const ajv = new Ajv2020();
    expect(ajv.validateSchema(read(file)), JSON.stringify(ajv.errors)).toBe(true);
    expect(read(file)).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $id: `mex:${name}`,
      title: expect.stringMatching(/^[A-Z]\w+$/),
      description: expect.stringMatching(/^[A-Zm].+\.$/),
    });
    validatorOf(file);
  });
});

describe.each(DOCUMENTS)('[§3] an independent validator agrees about $name', ({ name, check }) => {
  const validate = validatorOf(`${name}.schema.json`);

  it.each(validCases(name))('$name fits', ({ bytes }) => {
    expect(validate(parseStrictJson(bytes)), JSON.stringify(validate.errors)).toBe(true);
  });

  it.each(invalidCases(name).filter(({ code }) => code.startsWith('ENVELOPE_')))('$name does not fit', ({ bytes }) => {
    const value = parseStrictJson(bytes);
    expect(check(value)).toBe(false);
    expect(validate(value)).toBe(false);
  });

  it('also when any one member is left out, misspelled or of another type', () => {
    for (const { bytes } of validCases(name)) {
      for (const changed of mutationsOf(parseStrictJson(bytes))) {
        if (validate(changed) !== check(changed)) expect.fail(JSON.stringify(changed));
      }
    }
  });
});

/** Copies of a value that differ in one place. */
function* mutationsOf(value: unknown): Generator<unknown> {
  yield* [null, 7, 'text', true, [], {}];
  if (typeof value !== 'object' || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    if (Array.isArray(value)) {
      for (const changed of mutationsOf(member)) yield value.with(Number(key), changed);
      continue;
    }
    const { [key]: _gone, ...rest } = value as Record<string, unknown>;
    yield rest;
    yield { ...rest, [`${key}_`]: member };
    for (const changed of mutationsOf(member)) yield { ...rest, [key]: changed };
  }
}
