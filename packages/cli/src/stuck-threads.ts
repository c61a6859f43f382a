/*
 * A thread in code that V8 does not interrupt keeps the process from ending, also by `process.exit()`, which waits for
 * it. The commands and the first file are bundled apart, so what one knows is told to the other through the global.
 */
const STUCK = Symbol.for('mex.cli.stuck');

/** Says which engines are left running when everything else is closed. */
export function noteStuck(engineIds: readonly string[]): void {
  if (engineIds.length > 0) Reflect.set(globalThis, STUCK, engineIds);
}

/** Ends this process with a code, whatever threads do. Everything must be written and closed. */
export function endProcess(code: number): never {
  if (Reflect.get(globalThis, STUCK) === undefined || process.execve === undefined) process.exit(code);
  // The kernel ends all threads when a process becomes another program; that one only gives back the code.
  process.execve('/bin/sh', ['sh', '-c', `exit ${code}`], {});
  process.exit(code);
}
