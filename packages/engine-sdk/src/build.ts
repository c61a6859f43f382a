import { hash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { join, resolve } from 'node:path';
import { runInNewContext } from 'node:vm';
import type { EngineManifest } from '@mex/envelope';
import { build as bundleWithTsup, type Options } from 'tsup';
import type { EngineDefinition } from './define-engine.ts';
import { createManifest } from './manifest.ts';
import { packageVectors } from './vectors/package-vectors.ts';

/** The free name through which a bundle hands its engine to the runtime. Outside the runtime it is not defined. */
export const REGISTER = '__mex_register__';

/** Sources are there in a checkout only: an installed SDK is what was packed, and the condition would name files that are not. */
const SOURCE_CONDITION = existsSync(new URL('../src/index.ts', import.meta.url)) ? ['@mex/source'] : [];

export interface BuildOptions {
  /** The engine package: holds `package.json` and `src/engine.ts`. */
  readonly dir: string;
  /** Default `src/engine.ts`. */
  readonly entry?: string;
}

export interface BuiltEngine {
  readonly manifest: EngineManifest;
  /** Where `engine.bundle`, `manifest.json`, `index.js` and `index.d.ts` are. */
  readonly outDir: string;
}

/**
 * Builds an engine package: one self-contained bundle, the manifest derived from exactly those bytes and from the
 * vectors in `conformance/`, and a front door that exports the manifest and a handle, nothing that runs.
 * @throws MexError when the definition breaks the contract; Error from the bundler when the source does not compile.
 */
export async function buildEngine(options: BuildOptions): Promise<BuiltEngine> {
  const dir = resolve(options.dir);
  const outDir = join(dir, 'dist');
  const pkg: { name: string; version: string } = JSON.parse(await readFile(join(dir, 'package.json'), 'utf8'));
  const code = await bundle(dir, resolve(dir, options.entry ?? 'src/engine.ts'));
  const definition = evaluate(code);
  const digest = { sha256: hash('sha256', code, 'hex'), size_bytes: Buffer.byteLength(code) };
  const vectors = packageVectors(dir, Object.keys(definition.operations));
  const manifest = createManifest(definition, pkg, digest, vectors);
  await rm(outDir, { recursive: true, force: true });
  await mkdir(outDir, { recursive: true });
  await writeFile(join(outDir, 'engine.bundle'), code);
  await writeFile(join(outDir, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  await writeFile(join(outDir, 'index.js'), FRONT_DOOR);
  await writeFile(join(outDir, 'index.d.ts'), FRONT_DOOR_TYPES);
  return { manifest, outDir };
}

/**
 * A library may have a branch for Node that asks for one of its modules only when it is reached. It stays as it is: no
 * engine finds a Node to reach it in, and the sandbox refuses every import. A static import still ends the build.
 */
const nodeBranches: NonNullable<Options['esbuildPlugins']>[number] = {
  name: 'node-branches',
  setup(build) {
    build.onResolve({ filter: /^[a-z]/ }, ({ path, kind }) =>
      kind === 'dynamic-import' && isBuiltin(path) ? { path, external: true } : undefined,
    );
  },
};

async function bundle(dir: string, entry: string): Promise<string> {
  const scratch = await mkdtemp(join(dir, '.mex-build-'));
  try {
    const main = join(scratch, 'main.ts');
    await writeFile(
      main,
      `import engine from ${JSON.stringify(entry)};\nimport { revealEngine } from '@mex/engine-sdk/bundle';\n${REGISTER}(revealEngine(engine));\n`,
    );
    await bundleWithTsup({
      entry: { engine: main },
      outDir: join(scratch, 'out'),
      format: ['iife'],
      platform: 'neutral',
      target: 'es2024',
      noExternal: [/.*/],
      minify: true,
      treeshake: true,
      splitting: false,
      silent: true,
      config: false,
      dts: false,
      sourcemap: false,
      removeNodeProtocol: false,
      esbuildPlugins: [nodeBranches],
      esbuildOptions(esbuild) {
        esbuild.mainFields = ['module', 'main'];
        // `browser`: of a package that has two variants, the one without Node's own modules, which no engine has.
        esbuild.conditions = [...SOURCE_CONDITION, 'import', 'module', 'browser', 'default'];
        // A bundle is a text without an address; for an address of a page, as the bundler would write it, there is no page.
        esbuild.define = { ...esbuild.define, 'import.meta.url': '""' };
        esbuild.legalComments = 'none';
        esbuild.keepNames = false;
        esbuild.charset = 'utf8';
      },
    });
    return await readFile(join(scratch, 'out', 'engine.global.js'), 'utf8');
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Runs the author's own bundle on the author's machine, to read its declarations from exactly the bytes that will ship. */
function evaluate(code: string): EngineDefinition {
  let found: EngineDefinition | undefined;
  const register = (definition: EngineDefinition): void => {
    found = definition;
  };
  try {
    runInNewContext(
      code,
      { [REGISTER]: register, TextDecoder, TextEncoder, URL, URLSearchParams, console },
      { filename: 'engine.bundle' },
    );
  } catch (cause) {
    // Thrown in the bundle's own context: not an Error of ours.
    throw new Error(`The engine could not be loaded: ${messageOf(cause)}`, { cause });
  }
  if (found === undefined)
    throw new Error('The bundle registered no engine: export default defineEngine(…) from src/engine.ts');
  return found;
}

function messageOf(thrown: unknown): string {
  const message = typeof thrown === 'object' && thrown !== null && 'message' in thrown ? thrown.message : thrown;
  return String(message);
}

const FRONT_DOOR = `// The manifest and a handle; nothing here runs the engine. Only a MEX runtime does.
import manifest from './manifest.json' with { type: 'json' };
export const engine = Object.freeze({ manifest, bundle: new URL('./engine.bundle', import.meta.url).href });
export { manifest };
`;

const FRONT_DOOR_TYPES = `import type { EngineManifest } from '@mex/envelope';
export declare const manifest: EngineManifest;
/** Pass it to a MEX host. It gives nothing callable. */
export declare const engine: { readonly manifest: EngineManifest; readonly bundle: string };
`;
