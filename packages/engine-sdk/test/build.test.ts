import { hash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildEngine } from '@mex/engine-sdk/build';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const SDK = fileURLToPath(new URL('..', import.meta.url));
const SOURCE = `import { defineEngine, defineOperation, Type } from '@mex/engine-sdk';
export default defineEngine({
  id: 'engine.test.tiny', version: '1.0.0', title: 'Tiny', description: 'Tiny', determinism: 'D3',
  operations: { 'tiny.run': defineOperation({
    title: 'Run', description: 'Run', params: Type.Object({}, { additionalProperties: false }),
    outputs: [], capabilities: [], run: () => ({ done: true }),
  }) },
});
`;

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mex-sdk-'));
  mkdirSync(join(dir, 'src'));
  mkdirSync(join(dir, 'node_modules', '@mex'), { recursive: true });
  symlinkSync(SDK, join(dir, 'node_modules', '@mex', 'engine-sdk'));
  writeFileSync(join(dir, 'package.json'), '{"name":"tiny","version":"1.0.0","type":"module"}');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const write = (source: string): void => writeFileSync(join(dir, 'src', 'engine.ts'), source);
const bytes = (name: string): Buffer => readFileSync(join(dir, 'dist', name));

describe('[§10] buildEngine', () => {
  it('writes a manifest with the digest of the bundle, the same bytes every time, and leaves nothing else behind', async () => {
    write(SOURCE);
    const { manifest, outDir } = await buildEngine({ dir });
    const bundle = bytes('engine.bundle');
    expect(outDir).toBe(join(dir, 'dist'));
    expect(manifest.bundle).toEqual({ sha256: hash('sha256', bundle, 'hex'), size_bytes: bundle.length });
    expect(JSON.parse(bytes('manifest.json').toString())).toEqual(manifest);
    const first = readdirSync(outDir).map((name) => [name, bytes(name).toString('hex')]);
    await buildEngine({ dir });
    expect(readdirSync(outDir).map((name) => [name, bytes(name).toString('hex')])).toEqual(first);
    expect(readdirSync(dir).toSorted()).toEqual(['dist', 'node_modules', 'package.json', 'src']);
  });

  it.each([
    ['without a default export', 'export const engine = 1;', /default/],
    ['with a syntax error', 'export default {', /engine\.ts|Unexpected|Expected/],
    ['whose default export is no engine', 'export default { id: 1 };', /export default the result of defineEngine/],
    ['that throws while it is loaded', `throw new Error('not today');${SOURCE}`, /could not be loaded: .*not today/],
    ['that imports what is not there', `import 'no-such-package';${SOURCE}`, /no-such-package/],
    ['whose definition breaks the contract', SOURCE.replace('engine.test.tiny', 'Tiny'), /engine_id/],
  ])('an engine %s ends in an error that says so, with no leftovers', async (_what, source, words) => {
    write(source);
    const error: unknown = await buildEngine({ dir }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect(error instanceof Error && error.message).toMatch(words);
    expect(readdirSync(dir).toSorted()).toEqual(['node_modules', 'package.json', 'src']);
  });
});

describe('[§15] vectors of a package', () => {
  const vector = { schema_version: 'mex.vector@1.0', title: 'Runs', operation: 'tiny.run', params: {}, inputs: [] };
  const put = (path: string, content: unknown): void => {
    mkdirSync(dirname(join(dir, 'conformance', path)), { recursive: true });
    writeFileSync(join(dir, 'conformance', path), typeof content === 'string' ? content : JSON.stringify(content));
  };

  it('their digest and number are in the manifest, which has the digest that the folder has as a bundle', async () => {
    write(SOURCE);
    put('runs/vector.json', { ...vector, expect: { status: 'succeeded' } });
    const { manifest } = await buildEngine({ dir });
    const text = readFileSync(join(dir, 'conformance', 'runs', 'vector.json'));
    const entry = `{"path":"runs/vector.json","sha256":"${hash('sha256', text, 'hex')}","size_bytes":${text.length}}`;
    const index = `{"entries":[${entry}],"schema_version":"mex.bundle@1.0"}`;
    expect(manifest.conformance_vectors).toEqual({ sha256: hash('sha256', index, 'hex'), count: 1 });
  });

  it.each<[string, string, unknown, string]>([
    [
      'of another operation',
      'runs/vector.json',
      { ...vector, operation: 'tiny.stop', expect: { status: 'succeeded' } },
      'VECTOR_INVALID',
    ],
    ['that is not packed', 'runs/.gitignore', '', 'VECTOR_FILE_INVALID'],
    ['that is broken', 'runs/vector.json', '{', 'VECTOR_INVALID'],
  ])('a file %s stops the build', async (_what, path, content, code) => {
    write(SOURCE);
    put('good/vector.json', { ...vector, expect: { status: 'succeeded' } });
    put(path, content);
    await expect(buildEngine({ dir })).rejects.toMatchObject({ code });
    expect(readdirSync(dir)).not.toContain('dist');
  });
});

describe('the size of a bundle', () => {
  it('an engine that takes all of the front door carries at most 15 KB of SDK', async () => {
    write(`import * as sdk from '@mex/engine-sdk';\n${SOURCE}Object.assign(globalThis, { sdk });`);
    const { manifest } = await buildEngine({ dir });
    expect(manifest.bundle.size_bytes).toBeLessThanOrEqual(15 * 1024);
    expect(bytes('engine.bundle').toString()).toContain('EngineError');
  });
});
