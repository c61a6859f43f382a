// `npm run reference`: writes docs/reference from command table, manifests, schemas and error pages. `--check` only compares.
import { run } from './setup.mjs';

run('node', ['--conditions=@mex/source', 'examples/docs/src/write-reference.ts', ...process.argv.slice(2)]);
