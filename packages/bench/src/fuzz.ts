// `node packages/bench/src/fuzz.ts [--cases 1000000] [--seed n]`: the fuzzers of the runtime's tests, at length.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { cases: { type: 'string', default: '1000000' }, seed: { type: 'string' } },
});
const cases = Number(values.cases);
// Another one each time: what it finds is printed with the seed that finds it again.
const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed);
if (!Number.isSafeInteger(cases) || cases < 1 || !Number.isSafeInteger(seed)) {
  console.error('fuzz: --cases and --seed are whole numbers, --cases at least 1');
  process.exit(2);
}

const root = fileURLToPath(new URL('../../../', import.meta.url));
const vitest = join(dirname(createRequire(join(root, 'package.json')).resolve('vitest/package.json')), 'vitest.mjs');
const started = performance.now();
console.log(`fuzz: ${cases} cases in all, seed ${seed}`);
const child = spawn(process.execPath, [vitest, 'run', '--project', '@mex/runtime', 'test/fuzz', '--reporter=verbose'], {
  cwd: root,
  env: { ...process.env, MEX_FUZZ_CASES: String(cases), MEX_FUZZ_SEED: String(seed) },
  stdio: 'inherit',
});
const [code] = await once(child, 'exit');
const took = (performance.now() - started) / 1_000;
console.log(`fuzz: ${code === 0 ? 'nothing found' : 'FOUND SOMETHING'} in ${took.toFixed(0)} s, seed ${seed}`);
process.exitCode = code === 0 ? 0 : 1;
