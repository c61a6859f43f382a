import { ATTEMPTS } from './attempts.ts';
import { runControl } from './control.ts';
import { openOutside } from './outside.ts';
import { printControl, printTier } from './print.ts';
import { runTier } from './run-attempts.ts';

const outside = await openOutside();
let held = true;
let shown = false;
try {
  console.log(`An engine that tries ${ATTEMPTS.length} things it may not, once in each tier.\n`);
  for (const line of printControl(await runControl(outside))) console.log(line);
  for (const tier of ['thread', 'process'] as const) {
    const run = await runTier(tier, outside);
    for (const line of printTier(run, !shown)) console.log(line);
    shown ||= run.findings.length > 0;
    held &&= run.held;
  }
  console.log(held ? 'Nothing got through.' : 'Something got through: that is a fault of MEX.');
} finally {
  await outside.close();
}
process.exitCode = held ? 0 : 1;
