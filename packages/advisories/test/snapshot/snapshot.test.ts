import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findEcosystem } from '../../src/ecosystems.ts';
import { findAffected } from '../../src/osv/affected.ts';
import { parseOsvRecord } from '../../src/osv/record.ts';
import { openSnapshot } from '../../src/snapshot/reader.ts';
import { type ImportedRecord, writeSnapshot } from '../../src/snapshot/writer.ts';
import { HAS_DATA, linesOf, NO_DATA } from '../test-data.ts';

const NOW = '2026-06-01T00:00:00Z';

function imported(value: object): ImportedRecord {
  return { record: parseOsvRecord(JSON.parse(JSON.stringify(value))), sha256: 'a'.repeat(64) };
}

function advisory(id: string, packages: readonly [string, string][], more: object = {}): ImportedRecord {
  const affected = packages.map(([ecosystem, name]) => ({
    package: { ecosystem, name },
    ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed: '2.0.0' }] }],
  }));
  return imported({ id, modified: '2026-01-01T00:00:00Z', affected, ...more });
}

function snapshotOf(records: readonly ImportedRecord[]): Uint8Array<ArrayBuffer> {
  return writeSnapshot({ records, superseded: 0, rejected: [], rejectedCount: 0, now: NOW });
}

const bytes = snapshotOf([
  advisory('B-1', [
    ['npm', 'left-pad'],
    ['PyPI', 'Left_Pad'],
  ]),
  advisory('A-1', [['npm', 'left-pad']], { aliases: ['CVE-2026-1'], summary: 'résumé' }),
  advisory('C-1', [
    ['npm', 'left-pad2'],
    ['npm', 'left'],
  ]),
  advisory('D-1', [['npm', 'gone']], { withdrawn: '2026-02-01T00:00:00Z' }),
]);

describe('a snapshot', () => {
  it('finds exactly the packages that are in it', () => {
    const snapshot = openSnapshot(bytes);
    const ids = (ecosystem: string, name: string) =>
      snapshot.lookup(ecosystem, name).map((entry) => snapshot.record(entry.record).id);
    expect(ids('npm', 'left-pad')).toEqual(['A-1', 'B-1']);
    expect(ids('PyPI', 'left-pad')).toEqual(['B-1']);
    expect(ids('npm', 'left')).toEqual(['C-1']);
    expect(ids('npm', 'gone')).toEqual([]);
    for (const name of ['', 'lef', 'left-pad3', 'zzz', 'left-pad\t', '\uffff']) expect(ids('npm', name)).toEqual([]);
    expect(ids('npmx', 'left-pad')).toEqual([]);
    expect(snapshot.record(0)).toMatchObject({
      id: 'A-1',
      aliases: ['CVE-2026-1'],
      summary: 'résumé',
      sha256: 'a'.repeat(64),
    });
  });

  it('[§13] tells an ecosystem it was made for from one it only mentions', () => {
    const { header } = openSnapshot(bytes);
    expect(header.ecosystems['npm']).toEqual({ packages: 3, records: 3, own: 2, newest: '2026-01-01T00:00:00Z' });
    expect(header.ecosystems['PyPI']).toEqual({ packages: 1, records: 1, own: 0, newest: null });
    expect(header).toMatchObject({ records: 3, packages: 4, skipped: { withdrawn: 1 } });
  });

  it('[§6] is the same bytes for the same records in any order', () => {
    const records = [
      advisory('A', [['npm', 'x']]),
      advisory('B', [['npm', 'x']]),
      advisory('C', [['Go', 'x.example/y']]),
    ];
    const first = snapshotOf(records);
    expect(snapshotOf(records.toReversed())).toEqual(first);
  });

  it('[§13] believes no record from the future: it would keep old data fresh', () => {
    const future = advisory('F', [['npm', 'x']], { modified: '2099-01-01T00:00:00Z' });
    const old = advisory('O', [['npm', 'x']], {
      modified: '2020-01-01T00:00:00.5Z',
      published: '2020-01-01T00:00:00Z',
    });
    expect(openSnapshot(snapshotOf([future, old])).header.newest).toBe('2020-01-01T00:00:00.5Z');
    const undated = advisory('G', [['Go', 'x']], {
      modified: '0001-01-01T00:00:00Z',
      published: '2021-04-14T20:04:52Z',
    });
    expect(openSnapshot(snapshotOf([undated])).header.newest).toBe('2021-04-14T20:04:52Z');
  });

  it('drops only version lists that the ranges hold already', () => {
    const entry = {
      package: { ecosystem: 'npm', name: 'x' },
      ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed: '2.0.0' }] }],
      versions: ['1.0.0', '1.9.9', '3.0.0', 'odd'],
    };
    const snapshot = openSnapshot(snapshotOf([imported({ id: 'X', modified: NOW, affected: [entry] })]));
    expect(snapshot.lookup('npm', 'x')[0]?.affected.versions).toEqual(['3.0.0', 'odd']);
  });

  it('[§5] that was cut or changed is refused, never half read', () => {
    const invalid = expect.objectContaining({ code: 'ADVISORIES_SNAPSHOT_INVALID' });
    const caught = (data: Uint8Array): unknown => {
      try {
        const snapshot = openSnapshot(data);
        for (const name of ['left-pad', 'left', 'left-pad2', 'nothing'])
          for (const entry of snapshot.lookup('npm', name)) snapshot.record(entry.record);
        return undefined;
      } catch (error) {
        return error;
      }
    };
    for (let end = 0; end < bytes.length; end += 7)
      expect(caught(bytes.subarray(0, end)), `cut at ${end}`).toEqual(invalid);
    fc.assert(
      fc.property(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 255 }), (at, value) => {
        const changed = bytes.slice();
        changed[at] = value;
        const error = caught(changed);
        if (error !== undefined) expect(error).toEqual(invalid);
      }),
      { seed: 11, numRuns: 1_500 },
    );
    expect(caught(new TextEncoder().encode('{}'))).toEqual(invalid);
  });

  it('of no record is still a snapshot, and says so', () => {
    expect(openSnapshot(snapshotOf([])).header).toMatchObject({
      records: 0,
      packages: 0,
      newest: null,
      ecosystems: {},
    });
  });
});

if (!HAS_DATA) console.warn(`snapshots of real advisories${NO_DATA}`);

describe.skipIf(!HAS_DATA)(`snapshots of real advisories${NO_DATA}`, () => {
  it('[§13] answer for every listed version as the records themselves do', () => {
    const records = linesOf('pypi-pysec')
      .filter((_line, index) => index % 6 === 0)
      .map((line) => imported(JSON.parse(line)));
    const snapshot = openSnapshot(snapshotOf(records));
    const order = findEcosystem('PyPI')?.order;
    if (order === undefined) throw new Error('no order');
    let asked = 0;
    for (const { record } of records) {
      for (const affected of record.affected) {
        const entries = snapshot
          .lookup('PyPI', affected.name)
          .filter((entry) => snapshot.record(entry.record).id === record.id);
        for (const version of affected.versions.slice(0, 12)) {
          if (!order.accepts(version)) continue;
          asked++;
          const found = entries.some((entry) => findAffected(entry.affected, version, order) !== undefined);
          expect(found, `${record.id} ${affected.name} ${version}`).toBe(true);
        }
      }
    }
    expect(asked).toBeGreaterThan(2_000);
  });
});
