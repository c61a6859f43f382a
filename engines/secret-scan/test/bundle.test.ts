import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createContext, Script } from 'node:vm';
import { buildEngine } from '@mex/engine-sdk/build';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');

describe('the bundle for the sandbox', () => {
  it('[§9] asks for nothing but the language: no imports, no process, no Buffer', async () => {
    const directory = await mkdtemp(join(ROOT, '.bundle-test-'));
    try {
      await cp(join(ROOT, 'package.json'), join(directory, 'package.json'));
      const { outDir, manifest } = await buildEngine({ dir: directory, entry: join(ROOT, 'src', 'engine.ts') });
      const code = await readFile(join(outDir, 'engine.bundle'), 'utf8');
      expect(code).not.toMatch(/\brequire\(|\bimport\(|from\s*["']node:|["']node:[a-z]+["']/);
      expect(code).not.toMatch(/\b(?:Buffer|setTimeout|fetch)\b\s*[.(]/);
      expect(code.length).toBeLessThan(250_000);
      expect(manifest.engine_id).toBe('engine.guard.secret_scan');
      let registered = false;
      const context = createContext({ TextDecoder, TextEncoder, __mex_register__: () => (registered = true) });
      new Script(code).runInContext(context);
      expect(registered).toBe(true);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
});
