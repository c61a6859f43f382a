import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createContext, runInContext, Script } from 'node:vm';
import { build } from 'tsup';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { entry, inventory } from './fixture.ts';

const ROOT = join(import.meta.dirname, '..', '..');
let directory = '';
let code = '';

/** Bundles everything but the engine's glue the way the SDK bundles an engine: for no platform in particular. */
beforeAll(async () => {
  directory = await mkdtemp(join(ROOT, '.bundle-test-'));
  const main = join(directory, 'main.ts');
  const files = ['documents/cyclonedx', 'documents/spdx', 'inventory', 'lockfiles/readers'];
  const lines = files.map((file) => `export * from ${JSON.stringify(join(ROOT, 'src', `${file}.ts`))};`);
  await writeFile(main, lines.join('\n'));
  await build({
    entry: { bundle: main },
    outDir: join(directory, 'out'),
    format: ['iife'],
    globalName: 'sbom',
    platform: 'neutral',
    target: 'es2024',
    noExternal: [/.*/],
    minify: true,
    silent: true,
    config: false,
    esbuildOptions(options) {
      options.mainFields = ['module', 'main'];
      options.conditions = ['@mex/source', 'import', 'module', 'default'];
    },
  });
  code = await readFile(join(directory, 'out', 'bundle.global.js'), 'utf8');
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

/** Own properties of every object reachable from a realm's globals, as text. */
const SNAPSHOT = `(() => {
  const seen = new Set(), open = [globalThis], lines = [];
  const identities = new Map(), identify = (value) => {
    if (typeof value !== 'object' && typeof value !== 'function' || value === null) return typeof value + ':' + String(value);
    if (!identities.has(value)) identities.set(value, '#' + identities.size);
    return identities.get(value);
  };
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    if (seen.has(one)) continue;
    seen.add(one);
    for (const key of Reflect.ownKeys(one)) {
      if (one === globalThis && key === 'sbom') continue;
      const found = Object.getOwnPropertyDescriptor(one, key);
      const values = [found.value, found.get, found.set];
      lines.push(identify(one) + '.' + String(key) + '=' + values.map(identify).join());
      for (const value of values) if (typeof value === 'function' || (typeof value === 'object' && value !== null)) open.push(value);
    }
  }
  return lines.sort().join('\\n');
})()`;

describe('the bundle for the sandbox', () => {
  it('[§9] asks for nothing but the language: no imports, no process, no Buffer', () => {
    expect(code).not.toMatch(/\brequire\(|\bimport\(|from\s*["']node:|["']node:[a-z]+["']/);
    expect(code).not.toMatch(/\b(?:process|Buffer|setTimeout|fetch|crypto)\b\s*[.(]/);
    expect(code.length).toBeLessThan(400_000);
  });

  it('[§9] runs with the language alone and leaves every built-in as it was', async () => {
    const context = createContext({ TextDecoder, TextEncoder });
    const before: unknown = runInContext(SNAPSHOT, context);
    new Script(code).runInContext(context);
    const text: unknown = runInContext(
      `sbom.writeCycloneDx(${JSON.stringify([{ ...inventory([entry('a', { version: '1.0.0', licenses: ['MIT'] })]), edges: [] }])}
        .map((one) => ({ ...one, edges: new Map(one.edges) })), { name: 'app' }, { timestamp: '2026-01-01T00:00:00Z', toolVersion: '1' })`,
      context,
    );
    expect(String(text)).toContain('pkg:npm/a@1.0.0');
    const found: unknown = await runInContext(
      `sbom.readInventories({
        files: ['Cargo.lock', 'pnpm-lock.yaml'],
        size: () => 0,
        read: async (path) => new TextEncoder().encode(path === 'Cargo.lock'
          ? 'version = 4\\n[[package]]\\nname = "a"\\nversion = "1.0.0"\\n' : "lockfileVersion: '9.0'\\n"),
      }, sbom.lockfileReaders).then((all) => all.inventories.map((one) => one.format).join())`,
      context,
    );
    expect(found).toBe('cargo-lock-v4,pnpm-lock-v9');
    expect(runInContext(SNAPSHOT, context)).toBe(before);
    expect(runInContext(`Set.prototype.extra = 1, ${SNAPSHOT}`, context)).not.toBe(before);
  });

  it('is evaluated fast enough for a cold start', () => {
    const times = Array.from({ length: 5 }, () => {
      const context = createContext({ TextDecoder, TextEncoder });
      const start = performance.now();
      new Script(code).runInContext(context);
      return performance.now() - start;
    });
    // 15 ms on an idle machine of 2026; the bound only catches a library that has grown by an order of magnitude.
    expect(Math.min(...times)).toBeLessThan(100);
  });
});
