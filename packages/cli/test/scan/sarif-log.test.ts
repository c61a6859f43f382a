import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from '@mex/host';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeSarifLog } from '../../src/scan/sarif-log.ts';
import { writeTargets } from '../../src/scan/write-out.ts';
import { scratch } from '../mex.ts';
import { plantedToken, write, writeAdvisories, writeCleanProject } from './project.ts';
import { openTestHost, scanDirectory } from './scanner.ts';
import { HAS_DATA, NO_DATA, validatorOf } from './test-data.ts';

const dir = scratch();
let host: Host;

beforeAll(async () => {
  host = await openTestHost(dir);
});
afterAll(() => host.close({ graceMs: 0 }));

interface Log {
  readonly version: string;
  readonly runs: readonly {
    readonly tool: { readonly driver: { readonly name: string } };
    readonly results: readonly { readonly ruleId: string }[];
    readonly automationDetails: { readonly id: string };
    readonly invocations: readonly { readonly executionSuccessful: boolean }[];
  }[];
}

async function sarifOf(path: string, osv: string): Promise<Log> {
  const { checks } = await scanDirectory(host, path, { osv });
  return JSON.parse(await writeSarifLog(host, checks));
}

const ENGINES = [
  'engine.supply_chain.sbom',
  'engine.supply_chain.vuln',
  'engine.supply_chain.license',
  'engine.guard.secret_scan',
];
const JOBS = ['mex/sbom_generate/', 'mex/vuln_scan/', 'mex/license_scan/', 'mex/secret_scan/'];

describe('the SARIF log of a scan', () => {
  const findings = () =>
    writeCleanProject(join(dir, 'findings'), [{ name: 'alpha', version: '1.0.0', license: null }], {
      'odd name/ü#.js': `const token = '${plantedToken()}';\n`,
    });
  const osv = () => writeAdvisories(join(dir, 'osv'), [{ id: 'TEST-1', name: 'alpha' }]);

  it('has a run for every engine, and what each found', async () => {
    const { version, runs } = await sarifOf(findings(), osv());
    expect(version).toBe('2.1.0');
    expect(runs.map(({ tool }) => tool.driver.name)).toEqual(ENGINES);
    expect(runs.map(({ automationDetails }) => automationDetails.id)).toEqual(JOBS);
    expect(runs.map(({ results }) => results.length)).toEqual([0, 1, 1, 1]);
    expect(JSON.stringify(runs)).not.toContain(plantedToken());
  });

  it('[§14 E] says of a check that did not succeed that it did not, instead of having no results', async () => {
    const path = join(dir, 'broken');
    write(path, { 'package-lock.json': '{', 'index.js': '\n' });
    const { runs } = await sarifOf(path, osv());
    expect(runs.map(({ invocations }) => invocations[0]?.executionSuccessful)).toEqual([false, false, false, true]);
  });

  it.skipIf(!HAS_DATA)(`is valid against the official schema, with findings and with failures${NO_DATA}`, async () => {
    const validate = validatorOf('sarif/sarif-schema-2.1.0.json');
    const path = join(dir, 'broken-too');
    write(path, { 'a b/package-lock.json': '{', 'index.js': '\n' });
    for (const log of [await sarifOf(findings(), osv()), await sarifOf(path, osv())])
      expect(validate(log), JSON.stringify(validate.errors?.slice(0, 5))).toBe(true);
  });

  it('is written to the file that is asked for, over the one of an earlier scan', async () => {
    const sarif = join(dir, 'made', 'scan.sarif');
    for (const _ of [1, 2]) {
      const outcome = await scanDirectory(host, findings(), { osv: osv() });
      expect(await writeTargets(host, { out: undefined, sarif }, outcome)).toEqual([sarif]);
    }
    expect(JSON.parse(readFileSync(sarif, 'utf8'))).toMatchObject({ version: '2.1.0', runs: [{}, {}, {}, {}] });
  });

  it.runIf(existsSync('/proc/self'))(
    'is refused where no directory can be made, and does not wait for ever',
    async () => {
      const outcome = await scanDirectory(host, findings(), { osv: osv() });
      const writing = writeTargets(host, { out: undefined, sarif: '/proc/mex-none/scan.sarif' }, outcome);
      await expect(writing).rejects.toMatchObject({ code: 'CLI_USAGE' });
    },
  );
});
