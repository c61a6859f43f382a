import { defineConfig } from 'tsup';

/**
 * The command line ships as few files as its lazy imports allow: finding and parsing hundreds of small ones would
 * cost more than most commands. Engines stay packages of their own, and piscina finds its worker beside itself.
 */
export default defineConfig({
  entry: { main: 'src/main.ts', 'thread-entry': '../runtime/src/sandbox/thread/entry.ts' },
  format: ['esm'],
  platform: 'node',
  target: 'node24',
  splitting: true,
  treeshake: false,
  minify: true,
  clean: true,
  dts: false,
  sourcemap: false,
  silent: true,
  removeNodeProtocol: false,
  external: ['piscina', '@mex/engine-sbom'],
  noExternal: [/^@mex\/(?!engine-sbom)/, '@sinclair/typebox', 'semver', 'zod'],
  banner: {
    js: "import { createRequire as __mexRequire } from 'node:module'; const require = __mexRequire(import.meta.url);",
  },
  esbuildOptions(options) {
    options.conditions = ['@mex/source', 'import', 'module', 'default'];
    options.legalComments = 'none';
    options.charset = 'utf8';
  },
});
