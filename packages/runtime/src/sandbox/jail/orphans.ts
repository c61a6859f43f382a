import { readdirSync } from 'node:fs';
import { endProcess, identify, readProc, statFields } from './process-id.ts';

/** In `/proc/<pid>/stat`, counted from the state. */
const PARENT = 1;

/**
 * Ends what a host that was killed may have left behind: the first process of a jail that was being built, which waits
 * for its builder for ever. No program ever runs in it, and nobody else would end it. A jail whose builder lives, of
 * this host or another one, is left alone.
 * @param builder the command line that all jails of MEX begin with
 * @returns how many there were
 */
export function endOrphans(builder: readonly string[]): number {
  const start = `${builder.join('\0')}\0`;
  const own = process.getuid?.();
  let ended = 0;
  for (const name of listProc()) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || readProc(pid, 'cmdline')?.startsWith(start) !== true) continue;
    const id = identify(pid);
    const status = readProc(pid, 'status') ?? '';
    // In a namespace of its own, and of this user: the builder itself is in ours.
    const isFirst = /^NSpid:\s*\d+.*\s1$/mu.test(status) && new RegExp(`^Uid:\\s*${own}\\s`, 'mu').test(status);
    if (!isFirst || id === undefined || readProc(parentOf(pid), 'cmdline')?.startsWith(start) === true) continue;
    endProcess(id);
    ended += 1;
  }
  return ended;
}

function listProc(): string[] {
  try {
    return readdirSync('/proc');
  } catch {
    // No descriptor left: the next host looks.
    return [];
  }
}

function parentOf(pid: number): number {
  return Number(statFields(pid)?.[PARENT] ?? 0);
}
