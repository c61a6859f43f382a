import { type BudgetField, clipText, MexError } from '@mex/envelope';
import { budgetExceededCode } from '@mex/gates';
import { redact, stripControl } from '@mex/guard';
import { GATE_NAME } from '../../sandbox/jail/gate.ts';
import type { Jailed, JailSpec } from '../../sandbox/jail/launch.ts';
import { JobStop } from '../../sandbox/tier.ts';
import { JAIL_WORK } from './environment.ts';
import { toolError } from './errors.ts';
import { type ExecCall, verifyExecCall } from './exec-call.ts';
import { type RunReport, runJailed } from './jailed-run.ts';
import { checkOptions } from './option-rules.ts';
import { type ReadBack, readBack } from './read-back.ts';
import { recordArgs, type TerminalCommandBody, type ToolDenial } from './run-record.ts';
import { type InputSource, ToolInputs } from './tool-inputs.ts';
import { type JailPlan, planJail, type SystemMounts } from './tool-jail.ts';
import { DEFAULT_TOOL_LIMITS, type ToolLimits } from './tool-limits.ts';
import { DEFAULT_OUTPUT_BYTES } from './tool-policy.ts';
import type { ResolvedTool, Toolbox } from './toolbox.ts';
import { clearTree } from './work-tree.ts';

export interface ToolRunnerOptions {
  /** `session_id` of the events: the operation. */
  readonly sessionId: string;
  readonly toolbox: Toolbox;
  /** Starts a jail; `undefined` where there is none, and then no tool runs (CONTRACT §9). */
  readonly launch: ((spec: JailSpec) => Jailed) | undefined;
  readonly system: () => SystemMounts;
  /** Throws when the capability was not granted, and records the refusal. */
  readonly require: (capabilityId: string) => void;
  /** Throws `JobStop` when the budget does not hold this much more. */
  readonly spend: (field: BudgetField, amount: number) => void;
  readonly remaining: (field: BudgetField) => number;
  /** Absolute paths of two directories of this operation alone, for nothing else; the first is what tools see as `/work`. */
  readonly directories: { readonly work: string; readonly inputs: string };
  readonly inputs: InputSource;
  /** Stores what a tool wrote to standard output or error, as it is: it may hold secrets. @returns its reference */
  readonly keep: (stream: 'stdout' | 'stderr', bytes: Uint8Array) => Promise<string>;
  readonly onEvent: (body: TerminalCommandBody) => void;
  readonly onDenial: (denial: ToolDenial) => void;
  readonly limits?: Partial<ToolLimits>;
}

/** What an engine gets. Nothing in it says how long a run took or where on the host it was. */
export interface ExecAnswer {
  /** 128 + n for a program that signal n ended. */
  readonly exitCode: number;
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  readonly outputs: readonly ReadBack[];
}

/**
 * What the tools of an operation took, for its `usage`. CPU time adds up with the engine's. Memory does not: the engine
 * in its sandbox and each run of a tool may have `memory_bytes` for itself, and `usage` has the largest of them.
 */
export interface ToolUsage {
  readonly cpuMs: number;
  /** Most that one run held. */
  readonly memoryBytes: number;
}

interface OutputRefs {
  readonly stdout: string | null;
  readonly stderr: string | null;
}

/** Nothing was run. What `require` refuses it records itself; what failed in a run has its FR-EVT-001. */
const DENIALS: ReadonlySet<string> = new Set([
  'TOOL_NOT_ALLOWED',
  'TOOL_CALL_INVALID',
  'TOOL_ARGUMENT_REFUSED',
  'SANDBOX_TIER_UNAVAILABLE',
]);
/** What an engine hears of a tool that is not run. */
const WORDS: Readonly<Record<string, string>> = {
  TOOL_NOT_FOUND: 'is not on this machine, or is no program',
  TOOL_DIGEST_MISMATCH: 'is not the file that it should be',
  TOOL_POLICY_INVALID: 'has a policy that cannot be used',
  TOOL_START_FAILED: 'is a script whose interpreter is not known',
  SECURITY_UNTRUSTED_EXECUTION: 'is not run: others than the operator could have put it there',
};
const MAX_WAITING = 8;
const VERSION_MS = 10_000;
const VERSION_BYTES = 4_096;
const MAX_VERSION_CHARS = 100;

/**
 * `proc.exec`: runs the operator's tools for one operation, one at a time (CONTRACT §9 External programs, §14 J).
 * Whatever an engine asks: no shell, no program and no option but those of the policy, no environment but MEX's own,
 * nothing of the host to see, nothing that outlives the call.
 */
export class ToolRunner {
  private readonly options: ToolRunnerOptions;
  private readonly limits: ToolLimits;
  private readonly inputs: ToolInputs;
  private readonly ending = new AbortController();
  private readonly versions = new Map<string, string>();
  /** Tools whose version this operation asked for: an answer that does not come is not waited for twice. */
  private readonly asked = new Set<string>();
  private turn: Promise<unknown> = Promise.resolve();
  private waiting = 0;
  private cpuMs = 0;
  private memoryBytes = 0;

  constructor(options: ToolRunnerOptions) {
    this.options = options;
    this.limits = { ...DEFAULT_TOOL_LIMITS, ...options.limits };
    this.inputs = new ToolInputs(options.inputs, options.directories.inputs, this.limits.inputBytes);
  }

  get usage(): ToolUsage {
    return { cpuMs: this.cpuMs, memoryBytes: this.memoryBytes };
  }

  /** `tool_versions` of provenance: version and digests of each tool that ran, by its name. */
  get toolVersions(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.versions);
  }

  /**
   * Runs one tool to its end.
   * @throws MexError for a call that is refused or a run that passed a limit of its own: the engine may go on
   * @throws JobStop when a budget is used up or the operation is over
   */
  async exec(call: ExecCall): Promise<ExecAnswer> {
    try {
      verifyExecCall(call);
      this.options.require(`proc.exec:${call.tool}`);
      if ((call.inputs ?? []).length > 0) this.options.require('fs.read:inputs');
      this.verifyArguments(call);
      if (this.options.launch === undefined) throw noJail();
      return await this.inTurn(() => this.run(call));
    } catch (error) {
      if (error instanceof MexError && DENIALS.has(error.code)) this.deny(call, error);
      throw error;
    }
  }

  /** Ends what runs, refuses what comes, and leaves both directories empty. Idempotent. */
  async close(): Promise<void> {
    this.ending.abort();
    await this.turn;
    for (const dir of Object.values(this.options.directories)) await clearTree(dir);
  }

  private deny(call: ExecCall, { code, message, remedy }: MexError): void {
    const detail = clipText(redact(stripControl([message, remedy ?? ''].join(' ').trim())), 2_000);
    this.options.onDenial({ tool: clipText(stripControl(call.tool), 128), code, args: recordArgs(call.args), detail });
  }

  /** Where on the host a tool is, and what is wrong there, is for the operator; an engine hears that it is not run. */
  private async resolve(call: ExecCall): Promise<ResolvedTool> {
    try {
      return await this.options.toolbox.resolve(call.tool);
    } catch (error) {
      if (!(error instanceof MexError)) throw error;
      this.deny(call, error);
      const { code, kind } = error;
      throw new MexError({
        code,
        kind,
        message: `The tool "${call.tool}" ${WORDS[code] ?? 'is not run'}.`,
        cause: error,
      });
    }
  }

  private verifyArguments({ tool, args }: ExecCall): void {
    const refusal = checkOptions(this.options.toolbox.policyOf(tool), args);
    if (refusal === undefined) return;
    throw toolError(
      'TOOL_ARGUMENT_REFUSED',
      `Argument ${refusal.index} for the tool "${tool}" was refused: ${refusal.reason}.`,
      'Options must be listed in the policy of the tool; data must not look like an option.',
    );
  }

  /** Tools of one operation share a workspace: two at once would see each other half done. */
  private async inTurn<T>(task: () => Promise<T>): Promise<T> {
    if (this.waiting >= MAX_WAITING)
      throw toolError('TOOL_CALL_INVALID', `${MAX_WAITING} calls of tools wait already.`, 'Await one after another.');
    this.waiting += 1;
    const mine = this.turn.then(task);
    this.turn = mine.then(
      () => undefined,
      () => undefined,
    );
    try {
      return await mine;
    } finally {
      this.waiting -= 1;
    }
  }

  private async run(call: ExecCall): Promise<ExecAnswer> {
    this.keepOn();
    const tool = await this.resolve(call);
    await this.learnVersion(tool);
    const inputs = await this.inputs.place(call.inputs ?? [], this.keepOn);
    this.keepOn();
    this.options.spend('exec_count', 1);
    const work = { source: this.options.directories.work, target: JAIL_WORK };
    const plan = planJail(tool, call.args, inputs, work, this.options.system(), this.limitsNow());
    const wallMs = Math.min(
      call.timeout_ms ?? Number.POSITIVE_INFINITY,
      tool.policy.timeout_ms ?? Number.POSITIVE_INFINITY,
      this.options.remaining('wall_time_ms'),
    );
    const report = await this.start(plan, call.stdin, wallMs, tool.policy.max_output_bytes ?? DEFAULT_OUTPUT_BYTES);
    await this.record(plan, report, call.withhold === true ? 'withheld' : 'kept');
    await this.judge(tool, report, wallMs);
    const outputs = await readBack(work.source, call.outputs ?? [], this.limits.readBackBytes);
    return { exitCode: report.exitCode ?? 0, stdout: report.stdout, stderr: report.stderr, outputs };
  }

  private async start(plan: JailPlan, stdin: Uint8Array | undefined, wallMs: number, streamBytes: number) {
    const { launch, remaining, directories } = this.options;
    if (launch === undefined) throw noJail();
    try {
      return await runJailed({
        start: () => launch(plan.spec),
        stdin,
        streamBytes,
        outputBytes: remaining('output_bytes'),
        wallMs,
        cpuMs: this.cpuLeft(),
        memoryBytes: remaining('memory_bytes'),
        processes: this.limits.processes,
        work: { dir: directories.work, limits: { bytes: this.limits.workBytes, entries: this.limits.workEntries } },
        stop: this.ending.signal,
      });
    } catch (error) {
      throw error instanceof MexError && error.code === 'SANDBOX_START_FAILED' ? notStarted(plan.name, error) : error;
    }
  }

  private limitsNow() {
    const memoryBytes = this.options.remaining('memory_bytes');
    return {
      memoryBytes: memoryBytes + this.limits.reservedBytes,
      cpuSeconds: Math.max(1, Math.ceil(this.cpuLeft() / 1_000)),
      fileBytes: this.limits.workBytes,
      openFiles: this.limits.openFiles,
      scratchBytes: Math.min(this.limits.scratchBytes, memoryBytes),
      processes: this.limits.processes,
    };
  }

  private cpuLeft(): number {
    return this.options.remaining('cpu_time_ms') - this.cpuMs;
  }

  /** FR-EVT-001, and what the tool wrote. What a run that ends the operation wrote is discarded with it (CONTRACT §9). */
  private async record(plan: JailPlan, report: RunReport, fate: 'kept' | 'withheld' | 'dropped'): Promise<void> {
    this.cpuMs += report.cpuMs;
    this.memoryBytes = Math.max(this.memoryBytes, report.memoryBytes);
    const stays = fate !== 'dropped' && ['exited', 'wall', 'processes', 'work', 'stream'].includes(report.end);
    let refs: OutputRefs = { stdout: null, stderr: null };
    try {
      if (stays) refs = await this.keep(fate === 'withheld' ? withheld(report) : report);
    } finally {
      this.options.onEvent({
        type: 'terminal_command',
        session_id: this.options.sessionId,
        cwd: plan.spec.cwd,
        command: plan.command,
        args: recordArgs(plan.args),
        exit_code: report.exitCode,
        duration_ms: Math.round(report.durationMs),
        stdout_ref: refs.stdout,
        stderr_ref: refs.stderr,
        env_ref: plan.envRef,
      });
    }
  }

  private async keep({ stdout, stderr }: Pick<RunReport, 'stdout' | 'stderr'>): Promise<OutputRefs> {
    this.options.spend('output_bytes', stdout.byteLength + stderr.byteLength);
    return {
      stdout: stdout.byteLength === 0 ? null : await this.options.keep('stdout', stdout),
      stderr: stderr.byteLength === 0 ? null : await this.options.keep('stderr', stderr),
    };
  }

  private async judge({ name }: ResolvedTool, report: RunReport, wallMs: number): Promise<void> {
    const { end } = report;
    if (end === 'stopped') throw new JobStop('OPERATION_CANCELLED', `the operation ended while "${name}" ran`);
    if (end === 'cpu') throw usedUp('cpu_time_ms', name);
    if (end === 'memory') throw usedUp('memory_bytes', name);
    if (end === 'output') throw usedUp('output_bytes', name);
    if (end === 'wall' && wallMs >= this.options.remaining('wall_time_ms')) throw usedUp('wall_time_ms', name);
    if (end === 'wall') throw limitPassed('TOOL_TIMED_OUT', name, `${wallMs} ms are over`);
    if (end === 'stream') throw limitPassed('TOOL_OUTPUT_LIMIT', name, 'it wrote more than its policy allows');
    if (end === 'processes')
      throw limitPassed('TOOL_PROCESS_LIMIT', name, `it had more than ${this.limits.processes} processes`);
    if (end === 'work') {
      await clearTree(this.options.directories.work);
      throw limitPassed('TOOL_WORKSPACE_LIMIT', name, 'it filled its working directory, which was emptied');
    }
    if (!report.began || hasNotStarted(report)) throw notStarted(name, saidBy(report));
  }

  /** Asked once for the bytes that answer; the tool's first line, for provenance. Never ends an operation. */
  private async learnVersion(tool: ResolvedTool): Promise<void> {
    const { toolbox } = this.options;
    const args = tool.policy.version_args;
    if (args !== undefined && toolbox.versionOf(tool) === undefined && !this.asked.has(tool.name)) {
      this.asked.add(tool.name);
      const plan = planJail(tool, args, [], undefined, this.options.system(), this.limitsNow());
      const report = await this.start(plan, undefined, VERSION_MS, VERSION_BYTES);
      await this.record(plan, report, 'dropped');
      if (report.end === 'stopped') this.keepOn();
      // What this operation had left was too little, or no jail came to be: the next one asks again.
      if (report.end === 'exited' && report.began && !hasNotStarted(report))
        toolbox.keepVersion(tool, versionIn(report));
    }
    const digests = tool.files.map((file) => `sha256:${file.sha256}`).join(' run by ');
    const version = toolbox.versionOf(tool);
    this.versions.set(tool.name, clipText(version === undefined ? digests : `${digests} ${version}`, 256));
  }

  private readonly keepOn = (): void => {
    if (this.ending.signal.aborted) throw new JobStop('OPERATION_CANCELLED', 'the operation is over');
  };
}

/** What is kept of streams that may hold secrets. No digest: a short text could be found by trying. */
function withheld({ stdout, stderr }: RunReport): Pick<RunReport, 'stdout' | 'stderr'> {
  const told = (bytes: Uint8Array): Uint8Array =>
    bytes.byteLength === 0 ? bytes : Buffer.from(`(withheld: ${bytes.byteLength} bytes that may hold secrets)\n`);
  return { stdout: told(stdout), stderr: told(stderr) };
}

/** The first line that a tool wrote; `unknown` for one that failed or wrote none. */
function versionIn({ stdout, stderr, exitCode }: RunReport): string {
  const said = Buffer.from(stdout.byteLength > 0 ? stdout : stderr).toString('utf8');
  const line = redact(stripControl(said.trimStart().split('\n', 1)[0] ?? '')).trim();
  return exitCode === 0 && line !== '' ? clipText(line, MAX_VERSION_CHARS) : 'unknown';
}

/** What starts programs says so itself. A program that says the same is believed: it only ends its own call. */
function hasNotStarted({ exitCode, stdout, stderr }: RunReport): boolean {
  if (stdout.byteLength > 0) return false;
  const said = Buffer.from(stderr.subarray(0, 16)).toString();
  if (exitCode === 1) return said.startsWith('bwrap: ');
  return (exitCode ?? 0) >= 126 && (said.startsWith(`${GATE_NAME}: `) || said.startsWith('prlimit: '));
}

function notStarted(name: string, cause: unknown): MexError {
  return toolError(
    'TOOL_START_FAILED',
    `The tool "${name}" could not be started in its sandbox.`,
    'Run it by hand; a tool that needs files outside of /usr names them as `read_only` in its policy.',
    cause,
  );
}

/** What a program that did not begin left on standard error, for the operator. */
function saidBy({ stderr }: RunReport): Error {
  return new Error(clipText(stripControl(Buffer.from(stderr).toString('utf8')), 1_000));
}

function usedUp(field: BudgetField, name: string): JobStop {
  return new JobStop(budgetExceededCode(field), `${field}: the tool "${name}" used up what the operation had left`);
}

function limitPassed(code: Parameters<typeof toolError>[0], name: string, why: string): MexError {
  return toolError(code, `The tool "${name}" was ended: ${why}.`, 'Give it less to do, or raise the limit.');
}

function noJail(): MexError {
  return new MexError({
    code: 'SANDBOX_TIER_UNAVAILABLE',
    kind: 'sandbox',
    message: 'External programs run in the process tier only, and it is not available here.',
    remedy: 'Run `mex doctor`: it says what the process tier lacks on this machine, and how to get it.',
  });
}
