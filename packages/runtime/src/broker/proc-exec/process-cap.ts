import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type FileHandle, open, readFile, writeFile } from 'node:fs/promises';
import { release } from 'node:os';
import { isAlive, type ProcessId } from '../../sandbox/jail/process-id.ts';

/* The kernel's own limit on processes. Counting them from outside is too slow for a program that doubles itself. */

const NSENTER = '/usr/bin/nsenter';
const TEE = '/usr/bin/tee';
const PID_MAX = '/proc/sys/kernel/pid_max';
/** The kernel takes no less for a namespace. */
const LEAST_PIDS = 301;

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/**
 * For a host that is root: bounds the process ids of a jail's namespace. From Linux 6.14 on each has a bound of its own.
 * @param first the first process of the jail
 * @returns whether the kernel keeps the bound
 */
export async function capProcesses(first: ProcessId, most: number): Promise<boolean> {
  if (!isRoot() || !hasBoundPerNamespace(release()) || ![NSENTER, TEE].every((path) => existsSync(path))) return false;
  const bound = String(Math.max(LEAST_PIDS, most));
  let namespace: FileHandle | undefined;
  try {
    const [before, own] = await Promise.all([readFile(PID_MAX, 'utf8'), inodeOf('/proc/self/ns/pid')]);
    // Held open, it stays the namespace that it is; with the number alone, it could become the host's.
    namespace = await open(`/proc/${first.pid}/ns/pid`);
    if (!isAlive(first) || (await namespace.stat({ bigint: true })).ino === own) return false;
    const isSet = await writeInside(namespace, bound);
    // Never to be seen. But a bound of this size on the host would be its end.
    if ((await readFile(PID_MAX, 'utf8')) !== before) await writeFile(PID_MAX, before);
    return isSet;
  } catch {
    // The jail is gone already, or the host's root is one without powers: processes are counted all the same.
    return false;
  } finally {
    await namespace?.close();
  }
}

/** Before, the bound is one for the whole machine. */
export function hasBoundPerNamespace(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.', 2).map(Number);
  return major > 6 || (major === 6 && minor >= 14);
}

async function inodeOf(path: string): Promise<bigint> {
  const file = await open(path);
  try {
    return (await file.stat({ bigint: true })).ino;
  } finally {
    await file.close();
  }
}

function writeInside(namespace: FileHandle, text: string): Promise<boolean> {
  const writer = spawn(NSENTER, ['--pid=/proc/self/fd/3', '--', TEE, PID_MAX], {
    cwd: '/',
    env: {},
    stdio: ['pipe', 'ignore', 'ignore', namespace.fd],
  });
  writer.stdin?.on('error', () => undefined);
  writer.stdin?.end(text);
  return new Promise((resolve) => {
    writer.once('error', () => resolve(false));
    writer.once('exit', (code) => resolve(code === 0));
  });
}
