import { createHash } from 'node:crypto';
import {
  checkConsistency,
  checkInclusion,
  consistencyProof,
  emptyRoot,
  Frontier,
  inclusionProof,
  type LeafSource,
  leafHash,
  rangeHash,
} from '@mex/flight-recorder/merkle';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** RFC 6962 §2.1 word for word, with another hash interface: what the implementation is compared with. */
function naiveRoot(leaves: readonly Buffer[]): Buffer {
  const sha = (...parts: Buffer[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();
  const first = leaves[0];
  if (first === undefined) return sha();
  if (leaves.length === 1) return sha(Buffer.of(0), first);
  const k = 2 ** Math.floor(Math.log2(leaves.length - 1));
  return sha(Buffer.of(1), naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k)));
}

function sourceOf(leaves: readonly Uint8Array[]): LeafSource {
  const hashes = leaves.map((leaf) => leafHash(leaf));
  return { size: leaves.length, leaf: (index) => hashes[index] ?? new Uint8Array() };
}

function frontierOf(leaves: readonly Uint8Array[]): Frontier {
  const tree = Frontier.empty();
  for (const leaf of leaves) tree.push(leafHash(leaf));
  return tree;
}

// The inputs that Certificate Transparency's own tests use, with the roots those list.
const CT_LEAVES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
const CT_ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
const ctLeaves = CT_LEAVES.map((text) => Buffer.from(text, 'hex'));

const leavesArb = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 70 });
const seeded = { seed: 6962, numRuns: 150 };

describe('tree', () => {
  it('[§11] gives the known roots of Certificate Transparency', () => {
    expect(hex(emptyRoot())).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    for (const [index, root] of CT_ROOTS.entries()) {
      const leaves = ctLeaves.slice(0, index + 1);
      expect(hex(naiveRoot(leaves))).toBe(root);
      expect(hex(frontierOf(leaves).root())).toBe(root);
      expect(hex(rangeHash(sourceOf(leaves), 0, leaves.length))).toBe(root);
    }
  });

  it('[§11] gives the audit paths and proofs of Certificate Transparency', () => {
    const source = sourceOf(ctLeaves);
    expect(inclusionProof(source, 0, 8).map(hex)).toEqual([
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ]);
    expect(consistencyProof(source, 1, 8).map(hex)).toEqual([
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ]);
    expect(consistencyProof(source, 6, 8).map(hex)).toEqual([
      '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ]);
  });

  it('agrees with the definition for any leaves, in one go and step by step', () => {
    fc.assert(
      fc.property(leavesArb, (leaves) => {
        const expected = hex(naiveRoot(leaves.map((leaf) => Buffer.from(leaf))));
        const tree = frontierOf(leaves);
        expect(hex(tree.root())).toBe(expected);
        expect(hex(Frontier.fromBytes(tree.size, tree.toBytes()).root())).toBe(expected);
      }),
      seeded,
    );
  });

  it('hashes a text as its UTF-8 bytes', () => {
    for (const text of ['', 'a', 'ä€𝄞', '{"a":"\u{10ffff}"}']) {
      expect(hex(leafHash(text))).toBe(hex(leafHash(Buffer.from(text))));
    }
  });

  it('refuses a frontier that does not belong to its size', () => {
    const bytes = frontierOf(ctLeaves.slice(0, 7)).toBytes();
    expect(() => Frontier.fromBytes(8, bytes)).toThrow(RangeError);
    expect(() => Frontier.fromBytes(7, bytes.subarray(1))).toThrow(RangeError);
    expect(() => Frontier.fromBytes(-1, new Uint8Array())).toThrow(RangeError);
    expect(() => Frontier.fromBytes(2 ** 53, bytes)).toThrow(RangeError);
    expect(hex(Frontier.fromBytes(7, bytes).root())).toBe(CT_ROOTS[6]);
  });
});

describe('proofs', () => {
  it('[§11] every leaf of every tree has an inclusion proof that fails once anything in it is altered', () => {
    fc.assert(
      fc.property(leavesArb, fc.nat(), fc.nat(), fc.nat(255), (leaves, pick, where, bit) => {
        const source = sourceOf(leaves);
        const size = leaves.length;
        const index = pick % size;
        const proof = inclusionProof(source, index, size);
        const claim = { index, size, leaf: source.leaf(index), proof, root: rangeHash(source, 0, size) };
        expect(checkInclusion(claim)).toBe(true);
        const flipped = flip(proof, where, bit);
        if (proof.length > 0) expect(checkInclusion({ ...claim, proof: flipped })).toBe(false);
        expect(checkInclusion({ ...claim, root: flipOne(claim.root, where, bit) })).toBe(false);
        expect(checkInclusion({ ...claim, leaf: flipOne(claim.leaf, where, bit) })).toBe(false);
        expect(checkInclusion({ ...claim, proof: [...proof, claim.root] })).toBe(false);
        if (proof.length > 0) expect(checkInclusion({ ...claim, proof: proof.slice(1) })).toBe(false);
        expect(checkInclusion({ ...claim, index: size })).toBe(false);
      }),
      seeded,
    );
  });

  it('[§11] every earlier tree has a consistency proof that fails once anything in it is altered', () => {
    fc.assert(
      fc.property(leavesArb, fc.nat(), fc.nat(), fc.nat(255), (leaves, pick, where, bit) => {
        const source = sourceOf(leaves);
        const size = leaves.length;
        const oldSize = 1 + (pick % size);
        const proof = consistencyProof(source, oldSize, size);
        const oldRoot = rangeHash(source, 0, oldSize);
        const claim = { oldSize, oldRoot, size, root: rangeHash(source, 0, size), proof };
        expect(checkConsistency(claim)).toBe(true);
        if (proof.length > 0) expect(checkConsistency({ ...claim, proof: flip(proof, where, bit) })).toBe(false);
        expect(checkConsistency({ ...claim, oldRoot: flipOne(oldRoot, where, bit) })).toBe(false);
        expect(checkConsistency({ ...claim, root: flipOne(claim.root, where, bit) })).toBe(false);
        expect(checkConsistency({ ...claim, proof: [...proof, oldRoot] })).toBe(false);
        if (proof.length > 0) expect(checkConsistency({ ...claim, proof: proof.slice(0, -1) })).toBe(false);
      }),
      seeded,
    );
  });

  it('a removed beginning changes no proof of what is left', () => {
    fc.assert(
      fc.property(leavesArb, fc.nat(), fc.nat(), fc.nat(), (leaves, a, b, c) => {
        const size = leaves.length;
        const base = a % size;
        const index = base + (b % (size - base));
        const oldSize = Math.max(base, 1 + (c % size));
        const whole = sourceOf(leaves);
        const gone = frontierOf(leaves.slice(0, base));
        const left: LeafSource = {
          size,
          leaf: (at) => {
            if (at < base) throw new Error(`leaf ${at} is gone`);
            return whole.leaf(at);
          },
          subtree: (start, end) => gone.subtree(start, end),
        };
        expect(inclusionProof(left, index)).toEqual(inclusionProof(whole, index));
        expect(consistencyProof(left, oldSize)).toEqual(consistencyProof(whole, oldSize));
      }),
      seeded,
    );
  });

  it('never throws on a hostile proof', () => {
    const junk = fc.record({
      index: fc.oneof(fc.integer(), fc.double()),
      oldSize: fc.oneof(fc.integer(), fc.double()),
      size: fc.oneof(fc.integer(), fc.maxSafeInteger()),
      leaf: fc.uint8Array({ minLength: 32, maxLength: 32 }),
      root: fc.uint8Array({ minLength: 32, maxLength: 32 }),
      oldRoot: fc.uint8Array({ minLength: 32, maxLength: 32 }),
      proof: fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 140 }),
    });
    fc.assert(
      fc.property(junk, (claim) => {
        expect(checkInclusion(claim)).toBe(false);
        if (claim.oldSize !== 0 || claim.proof.length > 0) expect(checkConsistency(claim)).toBe(false);
      }),
      seeded,
    );
  });

  it('refuses positions outside the tree', () => {
    const source = sourceOf(ctLeaves);
    expect(() => inclusionProof(source, 8)).toThrow(RangeError);
    expect(() => inclusionProof(source, 0, 9)).toThrow(RangeError);
    expect(() => consistencyProof(source, 9)).toThrow(RangeError);
    expect(consistencyProof(source, 0)).toEqual([]);
    expect(consistencyProof(source, 8)).toEqual([]);
  });
});

function flipOne(bytes: Uint8Array, where: number, bit: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const at = where % copy.length;
  copy[at] = (copy[at] ?? 0) ^ (1 << (bit % 8));
  return copy;
}

function flip(proof: readonly Uint8Array[], where: number, bit: number): Uint8Array[] {
  return proof.map((hash, index) => (index === where % proof.length ? flipOne(hash, where, bit) : hash));
}
