import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const PACKAGE = new URL('../../', import.meta.url);
const SDK = new URL('../engine-sdk/package.json', PACKAGE);

/** Builds a program of the process tier from the sources of today, as `tsup.config.ts` does. Returns where it is. */
export async function buildProgram(entry: string, dir: string): Promise<URL> {
  const file = join(dir, `${entry.replaceAll(/\W/g, '-')}.mjs`);
  const esbuild = createRequire(createRequire(SDK).resolve('tsup'))('esbuild');
  await esbuild.build({
    entryPoints: [fileURLToPath(new URL(entry, PACKAGE))],
    outfile: file,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node26',
    conditions: ['@mex/source', 'import', 'module', 'default'],
    logLevel: 'silent',
  });
  return pathToFileURL(file);
}
