import { type ChildProcess, spawn } from 'node:child_process';
import { openSync, readdirSync, readFileSync } from 'node:fs';
import type { Duplex, Readable, Writable } from 'node:stream';
import { jailError } from './errors.ts';
import { GATE_FD, Gate, gateCommand, waitForBond } from './gate.ts';
import { endOrphans } from './orphans.ts';
import { endProcess, identify, type ProcessId } from './process-id.ts';
import type { JailTools } from './requirements.ts';
import { SCRATCH } from './scratch.ts';
import { type SeccompProfile, seccompProgram } from './seccomp.ts';

/** A file or directory of the host, as the jail sees it. */
export interface JailMount {
  /** Absolute path on the host, symbolic links resolved. */
  readonly source: string;
  /** Absolute path in the jail. */
  readonly target: string;
}

/** Limits the kernel keeps (`setrlimit(2)`); wall time is the caller's. */
export interface JailLimits {
  /** Private writable memory of one process (RLIMIT_DATA). */
  readonly memoryBytes: number;
  /** CPU time of one process in whole seconds, rounded up; a backstop, the caller measures finer. */
  readonly cpuSeconds: number;
  /** Largest file that may be written. */
  readonly fileBytes: number;
  readonly openFiles: number;
  /** Processes of a held program, threads included (RLIMIT_NPROC). Root is not held to it, nor are its jails. */
  readonly processes?: number;
}

/** One sandboxed process (CONTRACT §9, tier `process`). */
export interface JailSpec {
  /** Absolute path in the jail. */
  readonly program: string;
  readonly args: readonly string[];
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly readOnly: readonly JailMount[];
  /** Symbolic links to make in the jail: target, as the jail sees it, and where. */
  readonly links?: readonly { readonly to: string; readonly at: string }[];
  /** Bound read-write, e.g. a shadow workspace. */
  readonly writable?: JailMount;
  /** Bytes of a fresh tmpfs at /tmp and, with `devices`, of one at /dev/shm; none without it. See `measureScratch`. */
  readonly scratchBytes?: number;
  /** A proc of the jail's own process namespace at /proc; an empty directory without it. */
  readonly proc?: boolean;
  /** A read-only /dev with null, zero, full, random, urandom and an empty tty of its own; nothing without it. */
  readonly devices?: boolean;
  readonly cwd: string;
  readonly limits: JailLimits;
  readonly seccomp: SeccompProfile;
  /** The program waits at a gate: for limits that need the jail to be there first, and for what it took when it has ended. */
  readonly held?: boolean;
  /** The program is process 1 of its namespace: nothing else is in it. Programs that start others need an init instead. */
  readonly alone: boolean;
}

export interface Jailed {
  readonly child: ChildProcess;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Process id, on the host, of the jail's first process. Rejects when the jail did not come to be. */
  readonly firstPid: Promise<number>;
  /** The same process, not to be taken for a later one with its number; `undefined` when there was none, or no longer. */
  readonly first: Promise<ProcessId | undefined>;
  /** Of a held program: lets it begin, and its jail end. */
  readonly gate: Gate | undefined;
  /** Ends everything in the jail, at once and without asking. */
  readonly kill: () => void;
  /** Settles when the jail is gone and its pipes are empty, with what the program ended with. */
  readonly exited: Promise<JailExit>;
}

export interface JailExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Descriptors the launcher speaks over, beside the three of the program. bubblewrap closes each when it is done with it. */
const SECCOMP_FD = 3;
const INFO_FD = 4;
const ARGS_FD = 5;
/** bubblewrap's init and the gate are processes of the same user. */
const GATE_PROCESSES = 2;
/** What a user id without any right is called nearly everywhere. */
const NOBODY = '65534';

/**
 * Starts a program in fresh user, process, network, IPC, host name, mount and, where there are any, cgroup namespaces: a
 * root made of nothing but the mounts named, no capability, no new privileges, no network but an unconfigured
 * loopback, a system call filter, and the end of it all with the end of the host. Standard streams are pipes.
 * @throws MexError `SANDBOX_START_FAILED`
 */
export function launchJailed(tools: JailTools, spec: JailSpec): Jailed {
  const child = startBuilder(tools, spec);
  // Before anything else: an error that nobody listens to would be the end of the host.
  const exited = new Promise<JailExit>((resolve) => {
    child.once('error', () => resolve({ code: null, signal: null }));
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  const { stdin, stdout, stderr } = child;
  // Without descriptors left, there are none of these: Node gives a child that is nothing but an error to come.
  const [filter, info, args, gate] = [SECCOMP_FD, INFO_FD, ARGS_FD, GATE_FD].map((fd) => child.stdio?.[fd]);
  if (!stdin || !stdout || !stderr || !filter || !info || !args) {
    child.kill('SIGKILL');
    throw jailError('there was no room for its pipes');
  }
  // A jail that does not come to be breaks its pipes; its exit tells.
  for (const stream of [stdin, filter, info, args, gate]) stream?.on('error', () => undefined);
  (filter as Writable).end(seccompProgram(spec.seccomp, tools.arch));
  // Not on the command line: a jail with a /proc can read that of its first process, and these are paths of the host.
  (args as Writable).end(
    bwrapArguments(spec)
      .map((argument) => `${argument}\0`)
      .join(''),
  );
  sweepOnce(tools);
  const firstPid = readFirstPid(info as Readable, exited);
  const first = firstPid.then(identify, () => undefined);
  if (spec.held !== true) holdInput(stdin, first);
  return {
    child,
    stdin,
    stdout,
    stderr,
    firstPid,
    first,
    exited,
    gate: gate ? new Gate(gate as Duplex, first) : undefined,
    kill: () => killJail(child, first),
  };
}

/** What the command line of every jail begins with; the name of its host, in there, tells it from other programs'. */
export function builderCommand({ bwrap }: JailTools): string[] {
  return [bwrap, '--hostname', 'mex', '--args', String(ARGS_FD), '--'];
}

let hasSwept = false;

/** Once a host, when its first jail is on its way. */
function sweepOnce(tools: JailTools): void {
  if (hasSwept) return;
  hasSwept = true;
  setImmediate(() => endOrphans(builderCommand(tools)));
}

/**
 * A program without a gate is one that does nothing without input. What is in its pipe would reach it even when this
 * process is gone, so nothing is until its end is bound to ours.
 */
function holdInput(stdin: Writable, first: Promise<ProcessId | undefined>): void {
  stdin.cork();
  void first.then((id) => (id === undefined ? undefined : waitForBond(id))).then(() => stdin.uncork());
}

/** @throws MexError `SANDBOX_START_FAILED` */
function startBuilder(tools: JailTools, spec: JailSpec): ChildProcess {
  const builder = [...limitArguments(spec.limits), '--', ...builderCommand(tools)];
  const command = heldCommand(tools, spec);
  const gate = spec.held === true ? 'pipe' : 'ignore';
  try {
    return spawn(tools.prlimit, [...builder, ...command], {
      cwd: '/',
      env: {},
      stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe', gate, ...coverInherited()],
    });
  } catch (error) {
    throw jailError('the system refused to start its first process', error);
  }
}

function heldCommand({ prlimit }: JailTools, { program, args, held, limits, readOnly }: JailSpec): string[] {
  if (held !== true) return [program, ...args];
  const most = limits.processes;
  // Root is never held to it, and in its jails nobody is: they count as root's.
  const limit = most === undefined || process.getuid?.() === 0 ? undefined : { prlimit, most: most + GATE_PROCESSES };
  return gateCommand([program, ...args], limit, readOnly);
}

/** How long a jail that is being built may take until its first process has a number. */
const BUILT_WITHIN_MS = 1_000;

/**
 * Once the jail stands, its first process dies with bubblewrap, and everything in it with that. While it is being built
 * that bond is not there yet, and ending bubblewrap alone would leave the program running: then the first process is
 * ended first.
 */
function killJail(child: ChildProcess, first: Promise<ProcessId | undefined>): void {
  const endBuilder = (): void => void child.kill('SIGKILL');
  const timer = setTimeout(endBuilder, BUILT_WITHIN_MS);
  void first.then((id) => {
    clearTimeout(timer);
    // By its number and its start: bubblewrap may have been waited for, and the number be another's.
    if (id !== undefined) endProcess(id);
    endBuilder();
  });
}

let inherited: readonly number[] | undefined;

/**
 * Descriptors that this process itself was started with and that do not close on exec would be open in the jail, too.
 * Each is covered with /dev/null. Node opens everything of its own so that it closes.
 */
function coverInherited(): ('ignore' | number)[] {
  inherited ??= listInherited();
  const last = inherited.at(-1);
  if (last === undefined) return [];
  const nothing = openNothing();
  const covered = new Set(inherited);
  return Array.from({ length: last - GATE_FD }, (_, index) => (covered.has(index + GATE_FD + 1) ? nothing : 'ignore'));
}

let nothingFd: number | undefined;

function openNothing(): number {
  nothingFd ??= openSync('/dev/null', 'r');
  return nothingFd;
}

const CLOSE_ON_EXEC = 0o2000000;
/** More would be a table of descriptors to copy at every start; nobody inherits so many. */
const MAX_INHERITED_FD = 4_096;

function listInherited(): number[] {
  const found: number[] = [];
  for (const name of readdirSync('/proc/self/fdinfo')) {
    const fd = Number(name);
    if (fd <= GATE_FD || fd > MAX_INHERITED_FD) continue;
    try {
      const flags = /^flags:\s*([0-7]+)/mu.exec(readFileSync(`/proc/self/fdinfo/${name}`, 'latin1'))?.[1];
      if (flags !== undefined && (Number.parseInt(flags, 8) & CLOSE_ON_EXEC) === 0) found.push(fd);
    } catch {
      // The descriptor of the listing itself, closed since.
    }
  }
  return found.sort((a, b) => a - b);
}

function limitArguments({ memoryBytes, cpuSeconds, fileBytes, openFiles }: JailLimits): string[] {
  return [
    '--core=0:0',
    `--data=${memoryBytes}:${memoryBytes}`,
    // One second more for the hard limit: the soft one sends SIGXCPU, the hard one SIGKILL.
    `--cpu=${cpuSeconds}:${cpuSeconds + 1}`,
    `--fsize=${fileBytes}:${fileBytes}`,
    `--nofile=${openFiles}:${openFiles}`,
    '--memlock=0:0',
    '--msgqueue=0:0',
  ];
}

function bwrapArguments(spec: JailSpec): string[] {
  const mounts = spec.readOnly.flatMap(({ source, target }) => ['--ro-bind', source, target]);
  const links = (spec.links ?? []).flatMap(({ to, at }) => ['--symlink', to, at]);
  const writable = spec.writable === undefined ? [] : ['--bind', spec.writable.source, spec.writable.target];
  const tmpfs = (path: string): string[] =>
    spec.scratchBytes === undefined ? [] : ['--size', String(spec.scratchBytes), '--tmpfs', path];
  // bubblewrap's /dev is a tmpfs as large as half of the machine's memory.
  const devices = spec.devices === true ? ['--dev', '/dev', ...tmpfs(SCRATCH.shared), '--remount-ro', '/dev'] : [];
  const env = Object.entries(spec.env).flatMap(([name, value]) => ['--setenv', name, value]);
  return [
    '--unshare-user',
    '--unshare-pid',
    '--unshare-net',
    '--unshare-ipc',
    '--unshare-uts',
    '--unshare-cgroup-try',
    '--disable-userns',
    ...(spec.alone ? ['--as-pid-1'] : []),
    '--uid',
    NOBODY,
    '--gid',
    NOBODY,
    '--new-session',
    '--die-with-parent',
    '--clearenv',
    '--cap-drop',
    'ALL',
    ...mounts,
    ...links,
    ...(spec.proc === true ? ['--proc', '/proc'] : ['--dir', '/proc']),
    ...devices,
    ...tmpfs(SCRATCH.temporary),
    ...writable,
    '--remount-ro',
    '/',
    '--chdir',
    spec.cwd,
    ...env,
    '--seccomp',
    String(SECCOMP_FD),
    '--info-fd',
    String(INFO_FD),
  ];
}

/** bubblewrap writes `{"child-pid": n, …}` once the namespaces are there. */
async function readFirstPid(info: Readable, exited: Promise<JailExit>): Promise<number> {
  let text = '';
  info.setEncoding('utf8');
  const read = new Promise<number>((resolve, reject) => {
    info.on('data', (chunk: string) => {
      text += chunk.slice(0, 4_096);
      const pid = /"child-pid":\s*(\d+)/u.exec(text)?.[1];
      if (pid !== undefined) resolve(Number(pid));
    });
    info.once('close', () => reject(new Error('The jail did not come to be.')));
  });
  void exited.then(() => info.destroy());
  return read;
}
