import { describe, expect, it } from 'vitest';
import { findEcosystem } from '../../src/ecosystems.ts';
import { findAffected, lowestFix, type VersionEvent } from '../../src/osv/affected.ts';
import { parseOsvRecord } from '../../src/osv/record.ts';
import { HAS_DATA, NO_DATA, readJson } from '../test-data.ts';

interface Vector {
  readonly note: string;
  readonly affected: object;
  readonly withdrawn: boolean;
  readonly version: string;
  readonly vulnerable: boolean;
}

const vectors = (HAS_DATA ? readJson('osv/vectors.json') : []) as Vector[];
if (!HAS_DATA) console.warn(`OSV evaluation vectors${NO_DATA}`);

function order(name: string) {
  const found = findEcosystem(name)?.order;
  if (found === undefined) throw new Error(name);
  return found;
}

describe.skipIf(!HAS_DATA)(`[§13] OSV evaluation vectors${NO_DATA}`, () => {
  it('are 73', () => expect(vectors).toHaveLength(73));

  it.each(vectors.map((one) => [`${one.note}: ${one.version} in ${JSON.stringify(one.affected)}`, one] as const))(
    '%s',
    (_name, vector) => {
      const record = parseOsvRecord({
        id: 'TEST-1',
        modified: '2026-01-01T00:00:00Z',
        ...(vector.withdrawn ? { withdrawn: '2026-01-01T00:00:00Z' } : {}),
        affected: [{ package: { ecosystem: 'npm', name: 'x' }, ...vector.affected }],
      });
      expect(record.faults).toEqual([]);
      const isAffected = record.affected.some((one) => findAffected(one, vector.version, order('npm')) !== undefined);
      expect(isAffected && record.withdrawn === undefined).toBe(vector.vulnerable);
    },
  );
});

function range(...events: [VersionEvent['kind'], string][]): VersionEvent[] {
  return events.map(([kind, version]) => ({ kind, version }));
}

describe('ranges', () => {
  const touching = range(['introduced', '0'], ['fixed', '3.1.1'], ['introduced', '3.1.1'], ['fixed', '3.1.3']);

  it('hold the version at which one interval ends and the next begins', () => {
    for (const [version, expected] of [
      ['3.1.0', true],
      ['3.1.1', true],
      ['3.1.2', true],
      ['3.1.3', false],
    ] as const)
      expect(findAffected({ ranges: [touching], versions: [] }, version, order('PyPI')) !== undefined, version).toBe(
        expected,
      );
  });

  it('say which of their rules held', () => {
    expect(findAffected({ ranges: [touching], versions: [] }, '1', order('PyPI'))).toEqual({
      kind: 'range',
      events: touching,
    });
    expect(findAffected({ ranges: [], versions: ['1.0'] }, '1.0.0', order('PyPI'))).toEqual({ kind: 'versions' });
  });

  it('take the limit * for none', () => {
    const events = range(['introduced', '1'], ['limit', '*']);
    expect(findAffected({ ranges: [events], versions: [] }, '99.0.0', order('npm'))).toBeDefined();
  });
});

describe('lowestFix', () => {
  const lines = {
    ranges: [range(['introduced', '1.0.0'], ['fixed', '1.5.3']), range(['introduced', '2.0.0'], ['fixed', '2.3.1'])],
    versions: [],
  };

  it('stays on the line of the installed version', () => {
    expect(lowestFix([lines], '1.2.0', order('npm'))).toBe('1.5.3');
    expect(lowestFix([lines], '2.0.0', order('npm'))).toBe('2.3.1');
  });

  it('is not a version that another entry calls affected', () => {
    const other = { ranges: [range(['introduced', '1.5.0'], ['fixed', '1.6.0'])], versions: [] };
    expect(lowestFix([lines, other], '1.2.0', order('npm'))).toBe('1.6.0');
  });

  it('is nothing where nothing is named', () => {
    expect(
      lowestFix(
        [{ ranges: [range(['introduced', '0'], ['last_affected', '3.0.0'])], versions: [] }],
        '1.0.0',
        order('npm'),
      ),
    ).toBeUndefined();
  });
});
