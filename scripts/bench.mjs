// `npm run bench`: sets everything up, builds, measures. Arguments go to the benchmark: --only <case>, --json.
import { build, install, run } from './setup.mjs';

install();
build();
run('node', ['packages/bench/src/main.ts', ...process.argv.slice(2)]);
