import { realpathSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { jailError } from './errors.ts';
import type { JailMount } from './launch.ts';
import { isAlive, type ProcessId, readProc } from './process-id.ts';

/** The descriptor that the gate speaks over. bubblewrap leaves it open for what it starts, and the program never has it. */
export const GATE_FD = 6;
/** What the gate calls itself on standard error. */
export const GATE_NAME = 'mex-gate';

const SHELL = '/bin/sh';
/**
 * The first thing in a jail. It says that it is there and waits for a word; the end of the host is no word, and then
 * the program never begins. It stays, so that what the program took can be read before its sandbox goes. The host's
 * arguments are `$@` and are not looked at by the shell. Signals for the whole group are for the program alone.
 */
const SCRIPT = [
  'printf r >&6 || exit 1',
  'IFS= read -r word <&6 || exit 1',
  'unset word OLDPWD SHLVL',
  'trap : HUP INT QUIT TERM PIPE ALRM USR1 USR2',
  // Shells remark on programs that a signal ended; the remark is not the program's.
  'exec 7>&2 2>/dev/null',
  '"$@" 2>&7 6>&- 7>&-',
  'code=$?',
  'exec 7>&-',
  'printf e >&6 && IFS= read -r word <&6',
  'exit "$code"',
].join('\n');

/** Bounds the program's processes from within: outside, all processes of the user would count. */
export interface ProcessLimit {
  readonly prlimit: string;
  readonly most: number;
}

/**
 * A command that waits at the gate first.
 * @param visible what of the host the jail has
 * @throws MexError `SANDBOX_START_FAILED` where the jail does not have what holds the program: it is never run without
 */
export function gateCommand(
  command: readonly string[],
  limit: ProcessLimit | undefined,
  visible: readonly JailMount[],
): string[] {
  verifyVisible(SHELL, visible);
  if (limit === undefined) return [SHELL, '-c', SCRIPT, GATE_NAME, ...command];
  verifyVisible(limit.prlimit, visible);
  const limited = [limit.prlimit, `--nproc=${limit.most}:${limit.most}`, '--', ...command];
  return [SHELL, '-c', SCRIPT, GATE_NAME, ...limited];
}

function verifyVisible(path: string, visible: readonly JailMount[]): void {
  const real = realPath(path);
  const isThere = visible.some(
    ({ source, target }) => source === target && (real === source || real?.startsWith(`${source}/`) === true),
  );
  if (!isThere) throw jailError(`${path} is not to be seen inside of it`);
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

/** How often the bond between jail and host is looked for, once a program waits. */
const BOND_LOOK_MS = 1;

/** The host's side of a gate. */
export class Gate {
  /** `true` once the program has ended and its sandbox still stands; `false` when that went without a word. */
  readonly ended: Promise<boolean>;
  private readonly stream: Duplex;
  private readonly first: Promise<ProcessId | undefined>;
  private readonly arrived: Promise<boolean>;

  constructor(stream: Duplex, first: Promise<ProcessId | undefined>) {
    this.stream = stream;
    this.first = first;
    const [arrived, ended] = [Promise.withResolvers<boolean>(), Promise.withResolvers<boolean>()];
    this.arrived = arrived.promise;
    this.ended = ended.promise;
    let said = 0;
    stream.on('data', (chunk: Uint8Array) => {
      said += chunk.byteLength;
      arrived.resolve(true);
      if (said > 1) ended.resolve(true);
    });
    stream.once('close', () => {
      arrived.resolve(false);
      ended.resolve(false);
    });
  }

  /**
   * Lets the program begin, when it waits at the gate and the jail has bound its life to bubblewrap's: before, the end
   * of the host would not be the end of the program.
   */
  async release(): Promise<void> {
    const [first, isThere] = await Promise.all([this.first, this.arrived]);
    if (first === undefined || !isThere) return;
    await waitForBond(first);
    this.stream.write('\n');
  }

  /** Lets the jail end, when the program has. */
  dismiss(): void {
    this.stream.end('\n');
  }
}

/** Settles when the end of the host is the end of a jail, too, or when that is gone. */
export async function waitForBond(first: ProcessId): Promise<void> {
  while (isAlive(first) && !isBound(first)) await sleep(BOND_LOOK_MS);
}

/**
 * The first process of a jail asks to die with bubblewrap and then, at once, has its system calls filtered: that can be seen. A host
 * that is in a container has filters itself, and passes them on: one more than those is wanted.
 */
function isBound({ pid }: ProcessId): boolean {
  const status = readProc(pid, 'status') ?? '';
  const filters = countFilters(status);
  if (filters === undefined) return /^Seccomp:\s*2$/mu.test(status);
  return filters > (countFilters(readProc(process.pid, 'status') ?? '') ?? 0);
}

/** Before Linux 5.9 filters are not counted. */
function countFilters(status: string): number | undefined {
  const count = /^Seccomp_filters:\s*(\d+)$/mu.exec(status)?.[1];
  return count === undefined ? undefined : Number(count);
}
