// What CI runs, and a person can run too (CONTRACT §14 H): `npm test`, then everything that reads the code.
import { install, run } from './setup.mjs';

/** Runs a step and says how long it took. A failing step ends the process with its exit code. */
function step(name, command, args) {
  const started = performance.now();
  console.log(`\n── ${name}`);
  run(command, args);
  console.log(`── ${name}: ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

install();
step('tests', 'npm', ['test']);
// That each escape works where nothing holds it: without this, what is stopped proves nothing.
step('escape controls', 'npm', ['run', '--silent', 'test:soak', '--', 'packages/runtime/test/escape/control.test.ts']);
step('types', 'tsc', []);
step('lint', 'oxlint', []);
step('format', 'biome', ['ci', '--colors=off', '.']);
step('boundaries', 'turbo', ['boundaries']);
step('unused', 'knip', ['--no-progress', '--include', 'files,dependencies']);
step('house rules', 'node', ['scripts/check-house.mjs']);
step('certificates', 'node', ['scripts/certify.mjs']);
step('release gate', 'node', ['scripts/release-gate.mjs']);
step('packaging', 'node', ['scripts/check-packages.mjs']);
