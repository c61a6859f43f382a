import { copyFileSync, cpSync, readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { defineConfig, type Options } from 'tsup';

/**
 * Three bundles, because start-up time is what a person feels. `main` holds the parser and nothing else; each command is
 * loaded when it is asked for. `scan` is bundled alone: sharing chunks with every other command would make it load
 * what only they need. Engines stay packages of their own, and piscina finds its worker beside itself.
 */
const HOT = ['scan'];
const commands = readdirSync('src/commands').map((file) => basename(file, '.ts'));
const folderOf = (command: string): string => (HOT.includes(command) ? 'hot' : 'commands');
const entries = (names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, `src/commands/${name}.ts`]));

const APART = /^@mex\/(?:advisories|engine-(?!sdk)[a-z-]+)$/;

const common: Options = {
  format: ['esm'],
  platform: 'node',
  target: 'node24',
  splitting: true,
  minify: true,
  dts: false,
  sourcemap: false,
  silent: true,
  removeNodeProtocol: false,
  // Engines stay packages of their own; advisories bring a reader of archives that cannot be bundled.
  external: ['piscina', APART],
  noExternal: [/^@mex\/(?!(?:advisories|engine-(?!sdk)[a-z-]+)$)/, '@sinclair/typebox', 'semver', 'zod'],
  esbuildOptions(options) {
    options.conditions = ['@mex/source', 'import', 'module', 'default'];
    options.legalComments = 'none';
    options.charset = 'utf8';
  },
};

export default defineConfig([
  {
    ...common,
    entry: { main: 'src/main.ts', 'thread-entry': '../runtime/src/sandbox/thread/entry.ts' },
    outDir: 'dist',
    // Self-contained, and built by the runtime: the only file of ours in the jail of the process tier.
    onSuccess: async () => {
      copyFileSync('../runtime/dist/sandbox/process/program.mjs', 'dist/process-program.mjs');
      for (const part of ['cases', 'requirements.json', 'expected-failures.json'])
        cpSync(`../conformance-harness/${part}`, `dist/conformance/${part}`, { recursive: true });
    },
    esbuildPlugins: [
      {
        name: 'commands-apart',
        setup(build) {
          build.onResolve({ filter: /^\.\/commands\/.*\.ts$/ }, ({ path }) => {
            const command = basename(path, '.ts');
            return { path: `./${folderOf(command)}/${command}.js`, external: true };
          });
        },
      },
    ],
  },
  { ...common, entry: entries(commands.filter((name) => HOT.includes(name))), outDir: 'dist/hot' },
  { ...common, entry: entries(commands.filter((name) => !HOT.includes(name))), outDir: 'dist/commands' },
]);
