import { loadVectors, verifyVector } from '@mex/engine-sdk/testing';
import { describe, expect, it } from 'vitest';
import engine from '../src/engine.ts';

const vectors = loadVectors(new URL('../conformance/', import.meta.url));

describe('[§15] vectors', () => {
  it.each(vectors)('$name: $title', async (vector) => {
    await verifyVector(engine, vector);
  });

  it('every operation has a golden and a reject vector', () => {
    const found = new Set(
      vectors.map(({ document }) => `${document.operation} ${document.expect.status === 'succeeded'}`),
    );
    expect(found.size).toBe(8);
  });
});
