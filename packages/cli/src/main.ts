#!/usr/bin/env node
// The first file of `mex`. It is written so that a Node too old for the rest can still say so.
const major = Number(process.versions.node.split('.')[0]);
if (major < 26) {
  console.error(
    `mex: Node ${process.versions.node} is too old; mex needs Node 26 or newer. Install it from nodejs.org, then run mex again.`,
  );
  process.exit(2);
}
const { keepCompiledCode } = await import('./compile-cache.ts');
keepCompiledCode(process.env);
const { runProgram } = await import('./program.ts');
const { endProcess } = await import('./stuck-threads.ts');
// Everything is written and closed by now; what may still be open is a thread that is being ended.
endProcess(await runProgram(process.argv.slice(2), process.env));
