// `npm test`: sets everything up, builds, runs every test. Arguments go to vitest.
import { build, install, run } from './setup.mjs';

install();
build();
run('vitest', ['run', ...process.argv.slice(2)]);
