import { findJailTools } from '@mex/runtime';
import { describe, expect, inject, it } from 'vitest';
import type { ConformanceReport } from '../src/report.ts';
import { certifyDeviation } from './self-test/certify-deviation.ts';

const HAS_JAIL = !('missing' in findJailTools());
const WHY = HAS_JAIL ? '' : ' (skipped: this machine has no sandbox for programs)';
const threadEntry = new URL(inject('threadEntry'));

const findingsOf = ({ cases }: ConformanceReport): string[] =>
  cases.flatMap(({ id, findings }) => findings.map(({ what }) => `${id} ${what}`));

describe('[§13] implementations that wrap a program', { timeout: 60_000 }, () => {
  it.runIf(HAS_JAIL)(
    `are run by their own vectors, and refused their program as the engine is its calls${WHY}`,
    async () => {
      const only = ['CAP-001', 'CAP-002', 'BUDGET-007', 'IO-003', 'PROV-001', 'DET-001', 'DET-004', 'HOSTILE-001'];
      const report = await certifyDeviation({ kind: 'wrapped' }, { threadEntry, only });
      expect(findingsOf(report)).toEqual([]);
      const passed = report.cases.flatMap(({ id, status }) => (status === 'passed' ? [id] : []));
      expect(passed).toEqual(expect.arrayContaining(only));
    },
  );

  it.runIf(HAS_JAIL)(`one that claims to know what its program did not say is caught${WHY}`, async () => {
    const quiet = ".catch(() => ({ exitCode: 0, stdout: 'X' }))";
    const call = "context.exec('shout', [params.text])";
    const report = await certifyDeviation(
      { kind: 'wrapped', code: [call, `${call}${quiet}`] },
      { threadEntry, only: ['HOSTILE-001'] },
    );
    expect(findingsOf(report)[0]).toContain('HOSTILE-001 When tool.exec (call 1) was refused');
  });

  it('one without a golden vector was certified by nothing', async () => {
    const report = await certifyDeviation(
      {
        kind: 'wrapped',
        change: ({ files }) => {
          files.delete('conformance/shout/vector.json');
          files.delete('conformance/shout/shout.mjs');
        },
      },
      { only: ['SCHEMA-002'] },
    );
    expect(findingsOf(report)[0]).toContain('There is no golden vector of model.shout by the implementation "shout"');
  });
});

describe('[§2] what a package exports besides its front door', () => {
  it.each([
    ['./data.json', undefined],
    ['./schemas/*.json', undefined],
    ['./schemas/*', 'BYPASS-001'],
    ['./src/engine.ts', 'BYPASS-001'],
  ])('%s', async (target, caught) => {
    const report = await certifyDeviation(
      {
        kind: 'plain',
        spoil: {
          'package.json': (text) =>
            JSON.stringify({ ...JSON.parse(text), exports: { '.': './dist/index.js', './more': target } }),
        },
      },
      { only: ['BYPASS-001'] },
    );
    expect(findingsOf(report).map((finding) => finding.split(' ')[0])).toEqual(caught === undefined ? [] : [caught]);
  });
});
