import { readFileSync } from 'node:fs';

/** A process that cannot be taken for a later one with the same number. */
export interface ProcessId {
  readonly pid: number;
  /** In ticks since the machine started. */
  readonly startedAt: string;
}

/** In `/proc/<pid>/stat`, counted from the state. */
const STARTED_AT = 19;

/** @returns `undefined` when it is gone already */
export function identify(pid: number): ProcessId | undefined {
  const startedAt = statFields(pid)?.[STARTED_AT];
  return startedAt === undefined ? undefined : { pid, startedAt };
}

/** Whether a process is there and not merely waiting to be noticed as dead. */
export function isAlive({ pid, startedAt }: ProcessId): boolean {
  const fields = statFields(pid);
  return fields?.[STARTED_AT] === startedAt && fields[0] !== 'Z' && fields[0] !== 'X';
}

/** Ends this process and no other: a number whose process is gone belongs to somebody else. */
export function endProcess(id: ProcessId): void {
  if (!isAlive(id)) return;
  try {
    process.kill(id.pid, 'SIGKILL');
  } catch {
    // Gone meanwhile.
  }
}

/** Fields of `/proc/<pid>/stat` from the state on: the name before may hold spaces and parentheses. */
export function statFields(pid: number): string[] | undefined {
  const text = readProc(pid, 'stat');
  return text?.slice(text.lastIndexOf(')') + 2).split(' ');
}

/** A file below `/proc/<pid>`; `undefined` when the process is gone or not ours to look at. */
export function readProc(pid: number, name: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1');
  } catch {
    return undefined;
  }
}
