import { existsSync, readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { repositoryWith } from './history/repository-writer.ts';
import { bundleOf, scan, token, weakPassword } from './tree.ts';

const SCHEMA = new URL('../../../../shared/data/schemas/sarif/sarif-schema-2.1.0.json', import.meta.url);
const present = existsSync(SCHEMA);
const because = present ? '' : ' — SKIPPED: ../shared/data/schemas is not here, SARIF was NOT validated';
if (!present) console.warn(`secret-scan SARIF${because}`);

const files = {
  'src/a b/ü#?.ts': `const t = '${token(31)}';\n`,
  'b.ini': `password = ${weakPassword(1)}\n`,
  'c.txt': new Error('EACCES'),
};

const made = repositoryWith({ 'a.ts': `const t = '${token(32)}';\n` });
const history = { ...made.files, 'refs/tags/gone': `${'a'.repeat(40)}\n` };

describe('SARIF', () => {
  it.skipIf(!present)(`[§13] is valid against the official schema of 2.1.0${because}`, async () => {
    const schema = JSON.parse(readFileSync(SCHEMA, 'utf8'));
    const ajv = new Ajv({ strict: false, validateFormats: true, meta: false, validateSchema: false });
    addFormats.default(ajv);
    const validate = ajv.compile({ ...schema, id: undefined, $schema: undefined });
    const { report } = await scan(files);
    const baseline = [
      {
        fingerprint: String(report.findings[0]?.properties?.['fingerprint']),
        reason: 'a sample',
        author: 'somebody',
        expires: '2026-12-31',
      },
    ];
    for (const tree of [files, { 'a.ts': 'clean' }]) {
      const { outputs } = await scan(tree, { timestamp: '2026-11-21T00:00:00Z', baseline });
      const document: unknown = JSON.parse(outputs.get('secrets.sarif') ?? '');
      expect(validate(document), JSON.stringify(validate.errors)).toBe(true);
    }
    const { outputs } = await scan({}, { history: true }, undefined, { inputs: [bundleOf({}), bundleOf(history)] });
    const document = JSON.parse(outputs.get('secrets.sarif') ?? '');
    expect(validate(document), JSON.stringify(validate.errors)).toBe(true);
    expect(document.runs[0].results[0].properties.origin).toMatchObject({ inTree: false });
    expect(document.runs[0].invocations[0]).toMatchObject({ executionSuccessful: false });
    expect(validate({ version: '2.1.0', runs: [{}] })).toBe(false);
  });

  it('writes paths as URIs, places in UTF-16 code units, and says what was not scanned', async () => {
    const { outputs } = await scan(files);
    const [run] = JSON.parse(outputs.get('secrets.sarif') ?? '').runs;
    expect(run.columnKind).toBe('utf16CodeUnits');
    expect(run.results[0].locations[0].physicalLocation).toEqual({
      artifactLocation: { uri: 'src/a%20b/%C3%BC%23%3F.ts', uriBaseId: 'SRCROOT' },
      region: { startLine: 1, startColumn: 12, endLine: 1, endColumn: 52 },
    });
    expect(run.invocations[0]).toMatchObject({ executionSuccessful: false });
    expect(run.tool.driver.rules.map(({ id }: { id: string }) => id)).toEqual(['assigned-password', 'github-token']);
  });
});
