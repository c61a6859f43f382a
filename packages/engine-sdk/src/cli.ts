import { MexError } from '@mex/envelope';
import { buildEngine } from './build.ts';

const [command, dir = '.'] = process.argv.slice(2);
if (command !== 'build') {
  console.error('usage: mex-engine build [dir]    bundle src/engine.ts and write its manifest to dist/');
  process.exit(2);
}
try {
  const { manifest, outDir } = await buildEngine({ dir });
  const names = Object.keys(manifest.operations).join(', ');
  const vectors = manifest.conformance_vectors?.count ?? 0;
  console.error(
    `${manifest.engine_id} ${manifest.engine_version}: ${names} → ${outDir} (${manifest.bundle.size_bytes} bytes, ${vectors} vectors)`,
  );
} catch (error) {
  console.error(`mex-engine: ${error instanceof Error ? error.message : String(error)}`);
  if (error instanceof MexError)
    console.error(`  ${error.code}${error.remedy === undefined ? '' : `: ${error.remedy}`}`);
  process.exit(1);
}
