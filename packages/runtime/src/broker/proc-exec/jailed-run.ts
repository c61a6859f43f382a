import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Jailed } from '../../sandbox/jail/launch.ts';
import { endProcess, isAlive, type ProcessId } from '../../sandbox/jail/process-id.ts';
import { measureScratch } from '../../sandbox/jail/scratch.ts';
import { TICKS_PER_SECOND } from '../../sandbox/jail/system-units.ts';
import { capProcesses } from './process-cap.ts';
import { measureShares, measureTree, type TreeUsage } from './process-tree.ts';
import { isWithin, type TreeLimits } from './work-tree.ts';

/** One program in one jail, and what it may take. */
export interface RunRequest {
  readonly start: () => Jailed;
  readonly stdin: Uint8Array | undefined;
  /** Bytes kept of standard output, and of standard error. */
  readonly streamBytes: number;
  /** Bytes kept of both together. */
  readonly outputBytes: number;
  readonly wallMs: number;
  /** CPU time of the whole tree. */
  readonly cpuMs: number;
  /**
   * Memory of the whole tree, what is shared counted once, and of the files that its jail keeps in memory. Not seen:
   * shared memory without a name that a program dropped from its tables again, and what the kernel holds for its pipes
   * and sockets.
   */
  readonly memoryBytes: number;
  readonly processes: number;
  /** What the program can write to, on the host. */
  readonly work: { readonly dir: string; readonly limits: TreeLimits } | undefined;
  readonly stop: AbortSignal;
}

/** Why a run is over; all but `exited` ended the whole tree from outside. */
export type RunEnd = 'exited' | 'stopped' | 'wall' | 'cpu' | 'memory' | 'processes' | 'work' | 'stream' | 'output';

export interface RunReport {
  readonly end: RunEnd;
  /** As a shell has it: 128 + n for a program that signal n ended. `null` for one that MEX ended or never began. */
  readonly exitCode: number | null;
  /** `false` when no jail came to be. */
  readonly began: boolean;
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  readonly durationMs: number;
  /**
   * Read when the program had ended and before its jail did, in steps of 10 ms, rounded up. Of a program that ended
   * its jail itself, or was ended: what was seen at the last look, and one core's time since.
   */
  readonly cpuMs: number;
  /** The most that was seen, at least every 50 ms. */
  readonly memoryBytes: number;
}

const FIRST_LOOK_MS = 5;
const LONGEST_LOOK_MS = 50;
/** What is written between two looks is on the disk before anybody sees it. */
const WORK_LOOK_MS = 10;
/** Walking the work tree takes at most a fifth of the time. */
const WALK_SHARE = 4;
/** bubblewrap, its init, the gate, and `prlimit` before it are in the tree, too. */
const OWN_PROCESSES = 4;
const BUILT_WITHIN_MS = 2_000;
const GONE_WITHIN_MS = 10_000;
const STREAMS_WITHIN_MS = 1_000;
const LONGEST_TIMER_MS = 2_147_483_647;

/**
 * Runs a program to its end or to the first limit it passes, and returns when nothing of it is left.
 * @throws Error when the jail cannot be started, or does not go away
 */
export async function runJailed(request: RunRequest): Promise<RunReport> {
  const startedAt = performance.now();
  const run = new Run(request, request.start());
  await run.finish();
  return { ...run.report(), durationMs: performance.now() - startedAt };
}

class Run {
  private readonly request: RunRequest;
  private readonly jailed: Jailed;
  private readonly stdout: Capture;
  private readonly stderr: Capture;
  private readonly over: Promise<unknown>;
  /** The first process of the jail; `undefined` when there never was one. */
  private readonly first: Promise<ProcessId | undefined>;
  private end: RunEnd = 'exited';
  private isOver = false;
  private began = false;
  private exitCode: number | null = null;
  private cpuMs = 0;
  /** Until when `cpuMs` is known; `undefined` before the program was let begin. */
  private knownUntil: number | undefined;
  private memoryBytes = 0;
  /** Once the program was let begin: its jail stands, and has files of its own. */
  private standing: ProcessId | undefined;
  private captured = 0;

  constructor(request: RunRequest, jailed: Jailed) {
    this.request = request;
    this.jailed = jailed;
    this.stdout = new Capture(jailed.stdout, request.streamBytes, this.onBytes);
    this.stderr = new Capture(jailed.stderr, request.streamBytes, this.onBytes);
    this.first = jailed.first;
    this.over = jailed.exited.then(({ code }) => {
      this.isOver = true;
      this.exitCode = code;
      this.chargeUnseen();
    });
    jailed.stdin.on('error', () => undefined);
    jailed.stdin.end(request.stdin);
  }

  async finish(): Promise<void> {
    const { stop, wallMs } = this.request;
    const onStop = (): void => this.kill('stopped');
    stop.addEventListener('abort', onStop, { once: true });
    if (stop.aborted) onStop();
    const clock = setTimeout(() => this.kill('wall'), Math.min(wallMs, LONGEST_TIMER_MS));
    try {
      await Promise.all([this.limitProcesses(), this.lookLast(), this.watchProcesses(), this.watchWork(), this.over]);
      await this.waitUntilGone();
    } finally {
      clearTimeout(clock);
      stop.removeEventListener('abort', onStop);
    }
    await Promise.race([Promise.all([this.stdout.closed, this.stderr.closed]), sleep(STREAMS_WITHIN_MS)]);
    await this.checkWork();
  }

  report(): Omit<RunReport, 'durationMs'> {
    const { end, began, cpuMs, memoryBytes } = this;
    const exitCode = end === 'exited' ? this.exitCode : null;
    return { end, exitCode, began, stdout: this.stdout.bytes(), stderr: this.stderr.bytes(), cpuMs, memoryBytes };
  }

  /** The first reason is the one. */
  private kill(reason: RunEnd): void {
    if (this.end === 'exited') this.end = reason;
    if (!this.isOver && this.jailed.child.pid !== undefined) this.measure(this.jailed.child.pid);
    void this.endJail();
  }

  /**
   * While a jail is being built, its first process does not yet die with bubblewrap: ending that one alone could leave
   * the program running with nobody to watch it. So both are ended, the first process first.
   */
  private async endJail(): Promise<void> {
    const first = await Promise.race([this.first, sleep(BUILT_WITHIN_MS)]);
    if (first !== undefined) endProcess(first);
    this.jailed.kill();
  }

  private readonly onBytes = (size: number, isFull: boolean): void => {
    this.captured += size;
    if (this.captured > this.request.outputBytes) this.kill('output');
    else if (isFull) this.kill('stream');
  };

  private async limitProcesses(): Promise<void> {
    const first = await this.first;
    if (first !== undefined && !this.isOver) await capProcesses(first, this.request.processes);
    // It was held until here: no moment in which a program that doubles itself is only counted.
    this.knownUntil ??= performance.now();
    await this.jailed.gate?.release();
    this.standing = first;
  }

  private async watchProcesses(): Promise<void> {
    const pid = this.jailed.child.pid;
    if (pid === undefined) return;
    for (let pause = FIRST_LOOK_MS; !this.isOver; pause = Math.min(pause * 2, LONGEST_LOOK_MS)) {
      await Promise.race([sleep(pause), this.over]);
      if (!this.isOver) this.lookAt(pid);
    }
  }

  /** The program has ended and was waited for: what it took is known, and is charged. */
  private async lookLast(): Promise<void> {
    const { gate, child } = this.jailed;
    if (gate === undefined || !(await gate.ended)) return;
    if (child.pid !== undefined) this.lookAt(child.pid);
    this.knownUntil = Number.POSITIVE_INFINITY;
    gate.dismiss();
  }

  private lookAt(pid: number): void {
    const { processes, cpuMs, memoryBytes } = this.request;
    const most = processes + OWN_PROCESSES;
    const now = this.measure(pid);
    const scratch = this.standing === undefined ? 0 : measureScratch(this.standing);
    let resident = now.residentBytes + scratch;
    if (resident > memoryBytes) resident = (measureShares(pid, most) ?? now.residentBytes) + scratch;
    this.memoryBytes = Math.max(this.memoryBytes, resident);
    if (now.processes > most) this.kill('processes');
    else if (resident > memoryBytes) this.kill('memory');
    else if (now.cpuMs > cpuMs) this.kill('cpu');
  }

  private measure(pid: number): TreeUsage {
    const now = measureTree(pid, this.request.processes + OWN_PROCESSES);
    this.cpuMs = Math.max(this.cpuMs, now.cpuMs);
    if (this.knownUntil !== undefined) this.knownUntil = Math.max(this.knownUntil, performance.now());
    return now;
  }

  /** What nobody saw is charged, too: else many short runs would cost nothing. The kernel's steps are rounded down. */
  private chargeUnseen(): void {
    if (this.knownUntil === undefined) return;
    const unseenMs = Math.max(0, performance.now() - this.knownUntil);
    this.cpuMs = Math.ceil(this.cpuMs + unseenMs + 1_000 / TICKS_PER_SECOND);
  }

  private async watchWork(): Promise<void> {
    for (let pause = WORK_LOOK_MS; !this.isOver && this.request.work !== undefined; ) {
      await Promise.race([sleep(pause), this.over]);
      if (this.isOver) return;
      const before = performance.now();
      await this.checkWork();
      pause = Math.max(WORK_LOOK_MS, (performance.now() - before) * WALK_SHARE);
    }
  }

  private async checkWork(): Promise<void> {
    const { work } = this.request;
    if (work !== undefined && !(await isWithin(work.dir, work.limits))) this.kill('work');
  }

  /**
   * bubblewrap may end before the first process of the jail has: only with that one, all are gone. Files they wrote
   * can be trusted to stay as they are from then on, and not before.
   */
  private async waitUntilGone(): Promise<void> {
    const first = await this.first;
    if (first === undefined) return;
    this.began = true;
    const deadline = performance.now() + GONE_WITHIN_MS;
    for (let pause = 1; isAlive(first); pause = Math.min(pause * 2, LONGEST_LOOK_MS)) {
      if (performance.now() > deadline) throw new Error('a jail was told to end, and did not');
      endProcess(first);
      await sleep(pause);
    }
  }
}

/** The first bytes of a stream. What comes after them is read and forgotten, so that the program is not held up. */
class Capture {
  readonly closed: Promise<void>;
  private readonly chunks: Uint8Array[] = [];
  private size = 0;

  constructor(stream: Readable, maxBytes: number, onBytes: (size: number, isFull: boolean) => void) {
    this.closed = new Promise((resolve) => stream.once('close', resolve));
    stream.on('error', () => undefined);
    stream.on('data', (chunk: Buffer) => {
      const kept = chunk.subarray(0, maxBytes - this.size);
      if (kept.byteLength > 0) this.chunks.push(kept);
      this.size += kept.byteLength;
      onBytes(chunk.byteLength, kept.byteLength < chunk.byteLength);
    });
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.chunks);
  }
}
