import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';

const DATA = fileURLToPath(new URL('../../../../../shared/data/', import.meta.url));

export const HAS_DATA = existsSync(DATA);
/** Appended to the name of a test that cannot run without the data, so that a skip explains itself. */
export const NO_DATA = HAS_DATA ? '' : ' — SKIPPED: the shared test data (../shared/data) is not here';

/** A validator of an official schema, with formats asserted. */
export function validatorOf(schema: string): ValidateFunction {
  const ajv = new Ajv({ strict: false, validateFormats: true });
  addFormats.default(ajv);
  // Written for draft 4, which this validator does not know; what they use of it is the same in draft 7.
  const { $schema: _draft, id: _id, ...rest } = JSON.parse(readFileSync(`${DATA}schemas/${schema}`, 'utf8'));
  return ajv.compile(rest);
}
