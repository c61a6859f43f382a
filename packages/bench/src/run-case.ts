// Runs one case and sends its rows to the parent. A process of its own keeps one case's heap and threads from another's.
import { CASES } from './cases.ts';

const name = process.argv[2] ?? '';
const load = CASES[name];
if (load === undefined) throw new Error(`There is no case "${name}".`);
const rows = await (await load())();
// A case run by hand, e.g. under a profiler, has no parent to tell.
if (process.send === undefined) console.log(JSON.stringify(rows, undefined, 2));
else process.send(rows);
process.disconnect?.();
