import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DATA, HAS_DATA, NO_DATA, readJson } from '../test-data.ts';
import { cycloneDxValidator } from './schema-validator.ts';

describe.skipIf(!HAS_DATA)(`the validation that the document tests rely on${NO_DATA}`, () => {
  for (const version of ['1.6', '1.7'] as const) {
    it(`gives every official CycloneDX ${version} sample the verdict in its name`, () => {
      const validate = cycloneDxValidator(version);
      const folder = `schemas/samples/cyclonedx-${version}`;
      const samples = readdirSync(`${DATA}${folder}`);
      expect(samples.length).toBeGreaterThan(60);
      const wrong = samples.filter((name) => validate(readJson(`${folder}/${name}`)) !== name.startsWith('valid'));
      expect(wrong).toEqual([]);
    });
  }
});
