import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EngineManifest, type Implementation, MexError } from '@mex/envelope';
import { afterAll, describe, expect, it } from 'vitest';
import { implementedOperation, nameImplementation, resolveImplementation } from '../src/implementation.ts';
import { makeEngine } from './fixture.ts';

const dir = mkdtempSync(join(tmpdir(), 'mex-implementation-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const BUILTIN: Implementation = { id: 'builtin', kind: 'builtin' };
const SYFT: Implementation = { id: 'syft', kind: 'external', tool: 'syft-2', operations: ['test.scan'] };
const { manifest: made } = makeEngine(dir, 'engine.test.unit', { 'test.scan': '', 'test.other': '' });
const manifest = { ...(made as EngineManifest), implementations: [BUILTIN, SYFT] };
const asked: string[] = [];
const resolve = (id: string | undefined, operation = 'test.scan', fault?: MexError) =>
  resolveImplementation({ manifest }, operation, {
    implementationFor: () => id,
    resolveTool: async (tool) => {
      asked.push(tool);
      if (fault !== undefined) throw fault;
    },
  });

describe('[§10] which implementation does an operation', () => {
  it('is the engine itself unless policy says otherwise, and then no tool is looked for', async () => {
    asked.length = 0;
    expect(await resolve(undefined)).toEqual({ implementation: BUILTIN });
    expect(await resolve('builtin')).toEqual({ implementation: BUILTIN });
    expect(asked).toEqual([]);
  });

  it('is what policy names, once its tool was found; of operations that it does not do the engine itself', async () => {
    expect(await resolve('syft')).toEqual({ implementation: SYFT });
    expect(asked).toEqual(['syft-2']);
    expect(await resolve('syft', 'test.other')).toEqual({ implementation: BUILTIN });
  });

  it('is never another one than policy names', async () => {
    expect((await resolve('trivy')).error).toMatchObject({
      code: 'IMPLEMENTATION_UNKNOWN',
      remedy: expect.stringContaining('builtin, syft'),
    });
    const missing = new MexError({
      code: 'TOOL_NOT_FOUND',
      kind: 'tool',
      message: 'It is not there.',
      remedy: 'Install it.',
    });
    expect((await resolve('syft', 'test.scan', missing)).error).toMatchObject({
      code: 'IMPLEMENTATION_UNAVAILABLE',
      message: expect.stringContaining('TOOL_NOT_FOUND'),
      remedy: expect.stringContaining('Install it.'),
    });
    const without = await resolveImplementation({ manifest }, 'test.scan', {
      implementationFor: () => 'syft',
      resolveTool: undefined,
    });
    expect(without.error?.code).toBe('IMPLEMENTATION_UNAVAILABLE');
    expect(nameImplementation({ ...manifest, implementations: [SYFT] }, 'test.other', 'syft').error?.code).toBe(
      'IMPLEMENTATION_UNKNOWN',
    );
  });

  it('a fault of ours stays one', async () => {
    const broken = resolveImplementation({ manifest }, 'test.scan', {
      implementationFor: () => 'syft',
      resolveTool: () => Promise.reject(new TypeError('broken')),
    });
    await expect(broken).rejects.toThrow('broken');
  });
});

describe('[§6] [§7] what gates judge by', () => {
  const operation = manifest.operations['test.scan'];
  const implemented = (one: Implementation) => {
    if (operation === undefined) throw new Error('no operation');
    return implementedOperation(operation, one);
  };

  it('the engine itself needs and promises what the operation declares', () => {
    expect(implemented(BUILTIN)).toEqual(operation);
  });

  it.each<[Implementation, string[], string]>([
    [SYFT, ['proc.exec:syft-2'], 'D1'],
    [
      { ...SYFT, determinism_ceiling: 'D3', capabilities: ['net.http:h.example'] },
      ['proc.exec:syft-2', 'net.http:h.example'],
      'D1',
    ],
    [{ ...SYFT, determinism_ceiling: 'D0' }, ['proc.exec:syft-2'], 'D0'],
    [{ ...BUILTIN, determinism_ceiling: 'D2' }, [], 'D2'],
  ])('%j', (implementation, needed, ceiling) => {
    const { capabilities, determinism_ceiling } = implemented(implementation);
    expect(capabilities).toEqual([...(operation?.capabilities ?? []), ...needed]);
    expect(determinism_ceiling).toBe(ceiling);
  });
});
