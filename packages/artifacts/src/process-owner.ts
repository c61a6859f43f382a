import { hash } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { codeOf } from './errors.ts';

/**
 * Who owns a temporary file or scratch directory: a token in its name, so that a later process can tell
 * the leftovers of a dead process from the work of a live one. A pid alone is not enough: pids are reused,
 * after a reboot all of them, and a pid of another container means nothing here.
 */
interface OwnerToken {
  readonly pid: number;
  /** Start of the process in clock ticks since boot. This and the next two are `0` where the platform does not tell. */
  readonly started: string;
  readonly boot: string;
  readonly namespace: string;
}

const TOKEN = /^(\d{1,10})-(\d{1,20})-([0-9a-f]{1,8})-([0-9a-f]{1,8})$/;

interface ProcessState {
  /** One letter, `Z` for one that has ended and that nobody has asked after. */
  readonly state: string | undefined;
  readonly started: string | undefined;
}

function readProcess(pid: number | 'self'): ProcessState | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The command name (field 2) may hold spaces and brackets; fields are counted from its last bracket.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0], started: fields[19] };
  } catch {
    return undefined;
  }
}

/**
 * A process that was killed stays in the list until its parent asks after it, and in a container whose first process
 * never does, for good. While threads of it are still there, one of them may be finishing a last write.
 */
function hasEnded(pid: number, { state }: ProcessState): boolean {
  if (state !== 'Z' && state !== 'X') return false;
  try {
    return readdirSync(`/proc/${pid}/task`).length <= 1;
  } catch {
    return true;
  }
}

function shortHash(read: () => string): string {
  try {
    return hash('sha256', read(), 'hex').slice(0, 8);
  } catch {
    return '0';
  }
}

function readOwnToken(): OwnerToken {
  return {
    pid: process.pid,
    started: readProcess('self')?.started ?? '0',
    boot: shortHash(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1')),
    namespace: shortHash(() => readlinkSync('/proc/self/ns/pid')),
  };
}

let own: OwnerToken | undefined;

/** This process's token, `<pid>-<start>-<boot>-<namespace>`. Safe in a file name. */
export function ownOwnerToken(): string {
  own ??= readOwnToken();
  return `${own.pid}-${own.started}-${own.boot}-${own.namespace}`;
}

function parseOwnerToken(text: string): OwnerToken | undefined {
  const [, pid, started, boot, namespace] = TOKEN.exec(text) ?? [];
  if (pid === undefined || started === undefined || boot === undefined || namespace === undefined) return undefined;
  return { pid: Number(pid), started, boot, namespace };
}

/** `unknown`: the token comes from another pid namespace, where a pid here says nothing. */
type OwnerState = 'alive' | 'dead' | 'unknown';

function checkOwner(token: OwnerToken): OwnerState {
  own ??= readOwnToken();
  if (token.boot !== own.boot) return 'dead';
  if (token.namespace !== own.namespace) return 'unknown';
  try {
    process.kill(token.pid, 0);
  } catch (error) {
    // EPERM means that it runs and belongs to somebody else.
    if (codeOf(error) !== 'EPERM') return 'dead';
  }
  const found = readProcess(token.pid);
  if (found?.started === undefined) return 'alive';
  if (hasEnded(token.pid, found)) return 'dead';
  return token.started === '0' || found.started === token.started ? 'alive' : 'dead';
}

/** Age after which something whose owner cannot be judged counts as left over. */
const UNKNOWN_OWNER_MAX_AGE_MS = 24 * 60 * 60 * 1_000;

/**
 * Whether something with this owner token is a leftover of a dead process.
 * @param changedAtMs its last change, used only when the owner cannot be judged
 * @returns `false` for a text that is no token: what we did not name we do not delete
 */
export function isLeftover(tokenText: string, changedAtMs: number, nowMs: number): boolean {
  const token = parseOwnerToken(tokenText);
  if (token === undefined) return false;
  const state = checkOwner(token);
  return state === 'unknown' ? nowMs - changedAtMs > UNKNOWN_OWNER_MAX_AGE_MS : state === 'dead';
}
