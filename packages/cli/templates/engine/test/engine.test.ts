import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadVectors, testOperation, verifyVector } from '@mex/engine-sdk/testing';
import engine from '../src/engine.ts';

describe('words.count', () => {
  it('lists the most frequent words first, and no more than it is asked for', async () => {
    const result = await testOperation(engine, 'words.count', { params: { top: 1 }, inputs: ['one two two'] });
    assert.deepEqual(result.summary, { files: 1, words: 3, distinct: 2 });
    assert.deepEqual(result.outputs['words.json']?.json(), {
      files: 1,
      words: 3,
      distinct: 2,
      top: [{ word: 'two', count: 2 }],
    });
  });

  it('says which files are not text, and counts the others', async () => {
    const files = { 'a.txt': 'one', 'b.bin': new Uint8Array([0xff]) };
    const result = await testOperation(engine, 'words.count', { params: {}, inputs: [{ files }] });
    assert.deepEqual(result.summary, { files: 1, words: 1, distinct: 1 });
    assert.deepEqual(
      result.problems.map(({ code, locations }) => [code, locations?.[0]?.path]),
      [['WORDS_NOT_TEXT', 'b.bin']],
    );
  });

  it('reads nothing that it was not granted', async () => {
    const result = await testOperation(engine, 'words.count', { params: {}, inputs: ['one'], capabilities: [] });
    assert.equal(result.error?.code, 'CAPABILITY_USED_WITHOUT_GRANT');
  });
});

describe('conformance vectors', () => {
  for (const vector of loadVectors(new URL('../conformance/', import.meta.url))) {
    it(`${vector.name}: ${vector.title}`, async () => {
      await verifyVector(engine, vector);
    });
  }
});
