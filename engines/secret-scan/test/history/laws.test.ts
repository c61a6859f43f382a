import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyDelta, readDeltaSizes } from '../../src/history/delta.ts';
import { HistoryFault } from '../../src/history/history-fault.ts';
import { Inflater } from '../../src/history/inflater.ts';
import { token } from '../tree.ts';
import { scanMade } from './made.ts';
import {
  commitOf,
  copyOf,
  delta,
  idOf,
  looseFile,
  packedFiles,
  plain,
  repositoryOf,
  treeOf,
} from './repository-writer.ts';

const RUNS = { seed: 4, numRuns: 300 };

describe('laws', () => {
  it('unpacks what zlib packed, and nothing that is said to be shorter or longer', () => {
    const inflater = new Inflater();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3_000 }), fc.nat(60), fc.nat(9), (raw, repeat, level) => {
        const content = Buffer.concat(Array.from({ length: repeat + 1 }, () => raw));
        const packed = deflateSync(content, { level });
        const source = Buffer.concat([Buffer.from([1, 2, 3]), packed, Buffer.from([4, 5])]);
        const unpack = (size: number): Uint8Array => inflater.inflate(source, 3, 3 + packed.length, size);
        expect(Buffer.compare(unpack(content.length), content)).toBe(0);
        expect(() => unpack(content.length + 1)).toThrow(HistoryFault);
        if (content.length > 0) expect(() => unpack(content.length - 1)).toThrow(HistoryFault);
        expect(inflater.head(source, 3, 3 + packed.length, 5)).toEqual(new Uint8Array(content.subarray(0, 5)));
      }),
      { ...RUNS, numRuns: 60 },
    );
  });

  it('a delta makes what its instructions say', () => {
    const step = fc.oneof(
      fc.record({ from: fc.nat(400), length: fc.integer({ min: 1, max: 500 }) }),
      fc.uint8Array({ minLength: 1, maxLength: 127 }),
    );
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 900, maxLength: 1_000 }),
        fc.array(step, { maxLength: 12 }),
        (base, steps) => {
          const parts = steps.map((one) => ('from' in one ? base.subarray(one.from, one.from + one.length) : one));
          const made = Buffer.concat(parts);
          const code = steps.flatMap((one) => ('from' in one ? copyOf(one.from, one.length) : [one.length, ...one]));
          const raw = delta(base.length, made.length, code);
          expect(Buffer.compare(applyDelta(base, raw, readDeltaSizes(raw)), made)).toBe(0);
        },
      ),
      RUNS,
    );
  });

  it('bytes that nobody chose are a delta or a fault, and take no other way out', () => {
    const base = new Uint8Array(100);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.integer({ min: 0, max: 400 }), (code, result) => {
        const raw = delta(100, result, [...code]);
        try {
          expect(applyDelta(base, raw, readDeltaSizes(raw))).toHaveLength(result);
        } catch (error) {
          expect(error).toBeInstanceOf(HistoryFault);
        }
      }),
      RUNS,
    );
  });

  it('[§14] whatever byte of a repository is changed, it tells the same or that something is missing', async () => {
    const files = { ...packed(), ...loose() };
    const sound = await scanMade(files);
    expect(sound).toMatchObject({ reasons: [], paths: ['a.ts', 'b.ts', 'c.ts'] });
    const objects = Object.entries(files).filter(([path]) => path.startsWith('objects/'));
    await fc.assert(
      fc.asyncProperty(
        fc.nat(objects.length - 1),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (which, at, mask) => {
          const [path = '', content = ''] = objects[which] ?? [];
          const changed = Uint8Array.from(Buffer.from(content));
          const place = at % changed.length;
          changed[place] = (changed[place] ?? 0) ^ mask;
          const scan = await scanMade({ ...files, [path]: changed });
          if (scan.reasons.length === 0) expect(scan).toEqual(sound);
          else expect(sound.paths).toEqual(expect.arrayContaining(scan.paths));
        },
      ),
      RUNS,
    );
  });

  it('[§14] wherever a file of a repository ends, it tells the same or that something is missing', async () => {
    const files = { ...packed(), ...loose() };
    const sound = await scanMade(files);
    const paths = Object.keys(files);
    await fc.assert(
      fc.asyncProperty(fc.nat(paths.length - 1), fc.nat(), async (which, at) => {
        const path = paths[which] ?? '';
        const content = Buffer.from(files[path] ?? '');
        const scan = await scanMade({ ...files, [path]: new Uint8Array(content.subarray(0, at % content.length)) });
        if (scan.reasons.length === 0) expect(scan).toEqual(sound);
      }),
      { ...RUNS, numRuns: 150 },
    );
  });

  it('[§6] the order in which the host lists files is nothing', async () => {
    const { files, read } = repositoryOf({ ...packed(), ...loose() });
    expect(await scanMade({ files: files.toReversed(), read })).toEqual(await scanMade({ files, read }));
  });
});

const line = (seed: number): string => `const key = '${token(seed)}';\n`;
const [A, B, C] = [plain('blob', `${'// x\n'.repeat(40)}${line(1)}`), plain('blob', line(2)), plain('blob', line(3))];
const OLD = treeOf([['100644', 'a.ts', A.id]]);
const FIRST = commitOf(OLD.id);

/** A pack with a tree that is a delta of another one. */
function packed(): Record<string, Uint8Array | string> {
  const entries: [string, string, string][] = [
    ['100644', 'a.ts', A.id],
    ['100644', 'b.ts', B.id],
  ];
  const { raw } = treeOf(entries);
  const from = OLD.raw.length;
  const added = [...raw.subarray(from)];
  const tree = {
    id: idOf('tree', raw),
    type: 7,
    base: OLD.id,
    raw: delta(from, raw.length, [...copyOf(0, from), added.length, ...added]),
  };
  const second = commitOf(tree.id, [FIRST.id]);
  return packedFiles([second, tree, OLD, FIRST, A, B], third(second.id).commit.id);
}

function third(parent: string) {
  const tree = treeOf([['100644', 'c.ts', C.id]]);
  return { tree, commit: commitOf(tree.id, [parent]) };
}

/** The last commit, not packed yet. */
function loose(): Record<string, Uint8Array> {
  const raw = treeOf([
    ['100644', 'a.ts', A.id],
    ['100644', 'b.ts', B.id],
  ]);
  const { tree, commit } = third(commitOf(raw.id, [FIRST.id]).id);
  return Object.fromEntries([C, tree, commit].map(looseFile));
}
