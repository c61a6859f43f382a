// `npm run test:soak`: the tests that repeat what can go wrong more often, and the proof that every escape works unhindered.
import { build, ensureSandbox, install, run } from './setup.mjs';

process.env.MEX_SOAK = '1';
install();
ensureSandbox();
build();
run('vitest', ['run', 'packages/runtime/test/escape', 'packages/runtime/test/crash', 'packages/runs/test/workspace']);
