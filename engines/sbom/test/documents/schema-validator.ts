import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import { readJson } from '../test-data.ts';

/** A validator of CycloneDX documents against the official schema, with `format` asserted. */
export function cycloneDxValidator(version: '1.6' | '1.7'): ValidateFunction {
  const ajv = createAjv();
  for (const name of ['spdx', 'jsf-0.82', ...(version === '1.7' ? ['cryptography-defs'] : [])]) {
    ajv.addSchema(readJson(`schemas/cyclonedx/${name}.schema.json`));
  }
  return ajv.compile(readJson(`schemas/cyclonedx/bom-${version}.schema.json`));
}

export function spdxValidator(): ValidateFunction {
  return createAjv().compile(readJson('schemas/spdx/spdx-2.3-schema.json'));
}

function createAjv(): Ajv {
  const ajv = new Ajv({ strict: false, validateFormats: true });
  addFormats.default(ajv);
  // ajv-formats has no international formats: characters that only they allow are replaced before asking its own.
  ajv.addFormat('iri-reference', (text: string) =>
    ajv.validate({ type: 'string', format: 'uri-reference' }, toAscii(text)),
  );
  ajv.addFormat('idn-email', (text: string) => ajv.validate({ type: 'string', format: 'email' }, toAscii(text)));
  return ajv;
}

function toAscii(text: string): string {
  return text.replace(/[\u00a0-\ud7ff\uf900-\ufdcf\ufdf0-\uffef\u{10000}-\u{efffd}]/gu, 'x');
}
