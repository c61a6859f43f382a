// `npm test`: sets everything up, builds, runs every test. Arguments go to vitest.
import { build, ensureSandbox, install, run } from './setup.mjs';

install();
ensureSandbox();
build();
run('vitest', ['run', ...process.argv.slice(2)]);
