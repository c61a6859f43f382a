import { loadVectors, testOperation, verifyVector } from '@mex/engine-sdk/testing';
import { describe, expect, it } from 'vitest';
import engine from '../src/engine.ts';

describe('hello.greet', () => {
  it('writes the greeting that its summary has', async () => {
    const result = await testOperation(engine, 'hello.greet', { params: { name: 'Grace' } });
    expect(result.summary).toEqual({ greeting: 'Hello, Grace!' });
    expect(result.outputs['greeting.txt']?.text()).toBe('Hello, Grace!\n');
    expect(result.used).toEqual(['fs.write:artifacts']);
  });

  it('[§7] writes nothing that it was not granted', async () => {
    const result = await testOperation(engine, 'hello.greet', { params: { name: 'Grace' }, capabilities: [] });
    expect(result.error?.code).toBe('CAPABILITY_USED_WITHOUT_GRANT');
  });
});

describe('conformance vectors', () => {
  const vectors = loadVectors(new URL('../conformance/', import.meta.url));
  it.each(vectors)('$name: $title', async (vector) => {
    await verifyVector(engine, vector);
  });
});
