import { readdirSync } from 'node:fs';
import { readProc, statFields } from '../../sandbox/jail/process-id.ts';
import { PAGE_BYTES, TICKS_PER_SECOND } from '../../sandbox/jail/system-units.ts';

/** What a process and all below it take at one moment. */
export interface TreeUsage {
  readonly processes: number;
  /** CPU time since the first of them began, ended ones that were waited for included. */
  readonly cpuMs: number;
  /** Resident memory, what is shared counted for each process. */
  readonly residentBytes: number;
}

interface Row {
  readonly pid: number;
  readonly cpuTicks: number;
  readonly residentPages: number;
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
    residentBytes: found.reduce((sum, row) => sum + row.residentPages, 0) * PAGE_BYTES,
  };
}

/** Memory of the tree with shared pages counted once (PSS): dearer, and asked before a tree is ended for its memory. */
export function measureShares(root: number, most: number): number | undefined {
  let bytes = 0;
  const waiting = [root];
  for (let pid = waiting.pop(), seen = 0; pid !== undefined && seen <= most; pid = waiting.pop(), seen += 1) {
    waiting.push(...childrenOf(pid));
    const kilobytes = /^Pss:\s+(\d+) kB/mu.exec(readProc(pid, 'smaps_rollup') ?? '')?.[1];
    // One that does not let itself be looked into is counted with all that it shares.
    bytes += kilobytes === undefined ? (readRow(pid)?.residentPages ?? 0) * PAGE_BYTES : Number(kilobytes) * 1_024;
  }
  return bytes === 0 ? undefined : bytes;
}

function readRow(pid: number): Row | undefined {
  const fields = statFields(pid);
  if (fields === undefined) return undefined;
  // utime, stime, cutime, cstime: what this one took, and what those took that it has waited for.
  const cpuTicks = [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index] ?? 0), 0);
  return { pid, cpuTicks, residentPages: Math.max(0, Number(fields[21] ?? 0)) };
}

function childrenOf(pid: number): number[] {
  let threads: string[];
  try {
    threads = readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
  return threads.flatMap((thread) =>
    (readProc(pid, `task/${thread}/children`) ?? '').split(' ').filter(Boolean).map(Number),
  );
}
