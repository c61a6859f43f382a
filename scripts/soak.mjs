// `npm run test:soak [-- <test file>…]`: the tests that repeat what can go wrong more often, and the proof that every escape works unhindered.
import { build, ensureSandbox, install, run } from './setup.mjs';

process.env.MEX_SOAK = '1';
install();
ensureSandbox();
build();
const all = [
  'packages/runtime/test/escape',
  'packages/runtime/test/crash',
  'packages/runs/test/workspace',
  'packages/conformance-harness/test',
];
const named = process.argv.slice(2);
run('vitest', ['run', ...(named.length === 0 ? all : named)]);
