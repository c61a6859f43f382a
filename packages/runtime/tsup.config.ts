import { defineConfig } from 'tsup';

/** The program of the process tier: one file that needs nothing but Node, because the jail holds nothing else. */
export default defineConfig({
  entry: { 'sandbox/process/program': 'src/sandbox/process/entry.ts' },
  outDir: 'dist',
  outExtension: () => ({ js: '.mjs' }),
  format: ['esm'],
  platform: 'node',
  target: 'node26',
  splitting: false,
  minify: true,
  clean: false,
  dts: false,
  sourcemap: false,
  silent: true,
  removeNodeProtocol: false,
  noExternal: [/.*/],
  esbuildOptions(options) {
    options.conditions = ['@mex/source', 'import', 'module', 'default'];
    options.legalComments = 'none';
    options.charset = 'utf8';
  },
});
