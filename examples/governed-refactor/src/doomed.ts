// Applies an approved change set. The one who started it ends it with kill -9 while files are being written.
import { openHome } from './open-home.ts';
import { PLANNER } from './planner.ts';

const [home = '', runId = '', changeSet = ''] = process.argv.slice(2);
const host = await openHome(home);
const stored = await host.artifacts.get(await host.artifacts.resolve(changeSet));
await host.runs.apply(runId, stored, PLANNER);
console.log('applied');
await host.close();
