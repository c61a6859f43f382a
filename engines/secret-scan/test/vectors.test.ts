import { loadVectors, verifyVector } from '@mex/engine-sdk/testing';
import { describe, it } from 'vitest';
import engine from '../src/engine.ts';

describe('[§15] vectors', () => {
  it.each(loadVectors(new URL('../conformance/', import.meta.url)))('$name: $title', async (vector) => {
    await verifyVector(engine, vector);
  });
});
