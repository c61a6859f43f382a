// `npm run bench`: runs the cases one after another and prints one table. A miss is shown, not an error.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CASES } from './cases.ts';
import { BENCH_ROOT } from './runner/bench-directory.ts';
import { describeMachine, inspectMachine } from './runner/machine.ts';
import { judge, type Row } from './runner/row.ts';
import { renderTable, type Section } from './runner/table.ts';

const { values } = parseArgs({
  options: { only: { type: 'string', multiple: true }, json: { type: 'boolean', default: false } },
});
const wanted = values.only?.flatMap((list) => list.split(',')) ?? Object.keys(CASES);
const unknown = wanted.find((name) => !Object.hasOwn(CASES, name));
if (unknown !== undefined) {
  console.error(`bench: there is no case "${unknown}". Cases: ${Object.keys(CASES).join(', ')}`);
  process.exit(2);
}

const started = performance.now();
const machine = await inspectMachine();
const sections: Section[] = [];
let failed = false;
for (const name of wanted) {
  const begun = performance.now();
  process.stderr.write(`bench: ${name} …`);
  const rows = await runCase(name);
  failed ||= rows === undefined;
  process.stderr.write(` ${rows === undefined ? 'FAILED' : 'done'} in ${seconds(begun)}\n`);
  if (rows !== undefined) sections.push({ name, rows });
}
if (values.json) {
  const judged = sections.map(({ name, rows }) => ({
    name,
    rows: rows.map((row) => ({ ...row, verdict: judge(row) })),
  }));
  console.log(JSON.stringify({ machine, cases: judged }, undefined, 2));
} else {
  console.log(`\n${describeMachine(machine)}\nmeasured in ${BENCH_ROOT}, ${seconds(started)} in all\n`);
  console.log(renderTable(sections));
}
process.exitCode = failed ? 1 : 0;

async function runCase(name: string): Promise<readonly Row[] | undefined> {
  const file = fileURLToPath(new URL('./run-case.ts', import.meta.url));
  const child = fork(file, [name], { execArgv: [] });
  let rows: readonly Row[] | undefined;
  // Rows come from our own code in a process of our own.
  child.on('message', (message) => {
    rows = message as readonly Row[];
  });
  const [code] = await once(child, 'exit');
  return code === 0 ? rows : undefined;
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1_000).toFixed(1)} s`;
}
