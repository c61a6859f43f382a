import { readdirSync, readFileSync } from 'node:fs';

/** What a process and all below it take at one moment. */
export interface TreeUsage {
  readonly processes: number;
  /** CPU time since the first of them began, ended ones that were waited for included. */
  readonly cpuMs: number;
  /** Resident memory, what is shared counted for each process. */
  readonly residentBytes: number;
}

/** In `/proc/<pid>/stat`, counted from the state. */
const STARTED_AT = 19;

interface Row {
  readonly pid: number;
  readonly cpuTicks: number;
  readonly residentPages: number;
}

/** `getauxval(3)`: AT_PAGESZ and AT_CLKTCK. */
const PAGE_SIZE = auxiliary(6) ?? 4_096;
const TICKS_PER_SECOND = auxiliary(17) ?? 100;

function auxiliary(wanted: number): number | undefined {
  try {
    const vector = readFileSync('/proc/self/auxv');
    for (let at = 0; at + 16 <= vector.length; at += 16)
      if (Number(vector.readBigUInt64LE(at)) === wanted) return Number(vector.readBigUInt64LE(at + 8));
  } catch {
    // No Linux, no jail: never asked for.
  }
  return undefined;
}

/**
 * Looks at a tree of processes from outside.
 * @param most where counting stops: a tree of more is over its limit anyway
 */
export function measureTree(root: number, most: number): TreeUsage {
  const found: Row[] = [];
  const waiting = [root];
  for (let pid = waiting.pop(); pid !== undefined && found.length <= most; pid = waiting.pop()) {
    const row = readRow(pid);
    if (row === undefined) continue;
    found.push(row);
    waiting.push(...childrenOf(pid));
  }
  return {
    processes: found.length,
    cpuMs: (found.reduce((sum, row) => sum + row.cpuTicks, 0) * 1_000) / TICKS_PER_SECOND,
    residentBytes: found.reduce((sum, row) => sum + row.residentPages, 0) * PAGE_SIZE,
  };
}

/** Memory of the tree with shared pages counted once (PSS): dearer, and asked before a tree is ended for its memory. */
export function measureShares(root: number, most: number): number | undefined {
  let bytes = 0;
  const waiting = [root];
  for (let pid = waiting.pop(), seen = 0; pid !== undefined && seen <= most; pid = waiting.pop(), seen += 1) {
    waiting.push(...childrenOf(pid));
    const kilobytes = /^Pss:\s+(\d+) kB/mu.exec(readText(`/proc/${pid}/smaps_rollup`) ?? '')?.[1];
    bytes += Number(kilobytes ?? 0) * 1_024;
  }
  return bytes === 0 ? undefined : bytes;
}

/** A process that cannot be taken for a later one with the same number. */
export interface ProcessId {
  readonly pid: number;
  readonly startedAt: string;
}

/** @returns `undefined` when it is gone already */
export function identify(pid: number): ProcessId | undefined {
  const startedAt = fieldsOf(pid)?.[STARTED_AT];
  return startedAt === undefined ? undefined : { pid, startedAt };
}

/** Whether a process is there and not merely waiting to be noticed as dead. */
export function isAlive({ pid, startedAt }: ProcessId): boolean {
  const fields = fieldsOf(pid);
  return fields?.[STARTED_AT] === startedAt && fields[0] !== 'Z' && fields[0] !== 'X';
}

export function endProcess(id: ProcessId): void {
  if (!isAlive(id)) return;
  try {
    process.kill(id.pid, 'SIGKILL');
  } catch {
    // Gone meanwhile.
  }
}

function readRow(pid: number): Row | undefined {
  const fields = fieldsOf(pid);
  if (fields === undefined) return undefined;
  // utime, stime, cutime, cstime: what this one took, and what those took that it has waited for.
  const cpuTicks = [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index] ?? 0), 0);
  return { pid, cpuTicks, residentPages: Math.max(0, Number(fields[21] ?? 0)) };
}

/** Fields of `/proc/<pid>/stat` from the state on: the name before may hold spaces and parentheses. */
function fieldsOf(pid: number): string[] | undefined {
  const text = readText(`/proc/${pid}/stat`);
  return text?.slice(text.lastIndexOf(')') + 2).split(' ');
}

function childrenOf(pid: number): number[] {
  let threads: string[];
  try {
    threads = readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
  return threads.flatMap((thread) =>
    (readText(`/proc/${pid}/task/${thread}/children`) ?? '').split(' ').filter(Boolean).map(Number),
  );
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
