import { readdirSync, readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { publishedFiles } from '../scripts/published-schemas.ts';

const ROOT = new URL('../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');

describe('published schemas', () => {
  it('are those of the source: to update, run "npm run schemas"', () => {
    const files = publishedFiles();
    expect(readdirSync(new URL('schemas/', ROOT)).toSorted()).toEqual([...files.keys()].toSorted());
    for (const [file, text] of files) expect(JSON.parse(read(`schemas/${file}`))).toEqual(JSON.parse(text));
  });

  it('an independent validator takes the golden documents by them', () => {
    const validators = new Map(
      ['search', 'excerpt', 'todos'].map((name) => [
        `${name}.json`,
        new Ajv2020({ strict: true }).compile(JSON.parse(read(`schemas/${name}.schema.json`))),
      ]),
    );
    let count = 0;
    for (const vector of readdirSync(new URL('conformance/', ROOT)))
      for (const [file, validate] of validators) {
        const golden = new URL(`conformance/${vector}/golden/`, ROOT);
        if (!readdirSync(new URL('../', golden)).includes('golden') || !readdirSync(golden).includes(file)) continue;
        expect(validate(JSON.parse(readFileSync(new URL(file, golden), 'utf8'))), `${vector}/${file}`).toBe(true);
        count++;
      }
    expect(count).toBeGreaterThan(5);
  });
});
