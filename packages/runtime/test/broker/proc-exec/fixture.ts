import { spawnSync } from 'node:child_process';
import { accessSync, chmodSync, constants, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type FullBudget, MexError } from '@mex/envelope';
import type { TerminalCommandBody, ToolDenial } from '../../../src/broker/proc-exec/run-record.ts';
import type { InputSource } from '../../../src/broker/proc-exec/tool-inputs.ts';
import type { ToolLimits } from '../../../src/broker/proc-exec/tool-limits.ts';
import type { ToolPolicies } from '../../../src/broker/proc-exec/tool-policy.ts';
import { ToolRunner, type ToolRunnerOptions } from '../../../src/broker/proc-exec/tool-runner.ts';
import { Toolbox } from '../../../src/broker/proc-exec/toolbox.ts';
import { Meter } from '../../../src/budgets.ts';
import { type JailSpec, launchJailed } from '../../../src/sandbox/jail/launch.ts';
import { findJailTools } from '../../../src/sandbox/jail/requirements.ts';
import { systemMounts } from '../../../src/sandbox/jail/system-mounts.ts';
import { JobStop } from '../../../src/sandbox/tier.ts';

export const MIB = 1024 * 1024;

export const BUDGET: FullBudget = {
  wall_time_ms: 20_000,
  cpu_time_ms: 10_000,
  memory_bytes: 256 * MIB,
  output_bytes: 4 * MIB,
  net_requests: 0,
  net_bytes: 0,
  exec_count: 50,
  file_writes: 10,
};

/** Programs that do whatever a test writes: what an attacker would have after taking over a tool. */
export const ANYTHING: ToolPolicies = {
  sh: { path: '/bin/sh', options: ['-c *'] },
  perl: { path: '/usr/bin/perl', options: ['-e *'] },
};

/** Why there is no jail on this machine; `undefined` where there is one. */
export const NO_JAIL: string | undefined = probe();

function probe(): string | undefined {
  const tools = findJailTools();
  if ('missing' in tools) return tools.missing;
  const tried = spawnSync(tools.bwrap, ['--unshare-user', '--unshare-pid', '--ro-bind', '/', '/', '/bin/true']);
  return tried.status === 0 ? undefined : 'bubblewrap cannot make namespaces here';
}

/** The title of a suite that needs a jail says why it is skipped. */
export function inJail(title: string): string {
  return NO_JAIL === undefined ? title : `${title} (skipped: ${NO_JAIL})`;
}

export interface Bench {
  /** A directory that programs may come from. */
  readonly bin: string;
  /** Everything else: shadow root, workspace, inputs. */
  readonly dir: string;
  readonly work: string;
  readonly toolbox: Toolbox;
  readonly runner: ToolRunner;
  readonly meter: Meter;
  readonly events: TerminalCommandBody[];
  readonly denials: ToolDenial[];
  readonly required: string[];
  readonly kept: { readonly stream: string; readonly text: string }[];
  readonly specs: JailSpec[];
  readonly close: () => Promise<void>;
}

export interface BenchOptions {
  readonly tools?: ToolPolicies;
  readonly granted?: (capabilityId: string) => boolean;
  readonly budget?: Partial<FullBudget>;
  readonly limits?: Partial<ToolLimits>;
  readonly inputs?: InputSource;
  readonly untrustedRoots?: readonly string[];
  readonly directories?: readonly string[];
  /** Called before each start. */
  readonly onLaunch?: (spec: JailSpec) => void;
  readonly launch?: ToolRunnerOptions['launch'];
  readonly bin?: string;
}

export const NO_INPUTS: InputSource = {
  files: async () => {
    throw new MexError({ code: 'INPUT_UNRESOLVABLE', kind: 'validation', message: 'There is no such input.' });
  },
  read: async () => new Uint8Array(),
};

/** A directory whose ancestors only this user can write: the temporary directory is none. */
export function makeBin(): string {
  return mkdtempSync(join(toolsRoot(), '.mex-test-tools-'));
}

/** No tool may come from a temporary directory, and a checkout may lie in one. */
function toolsRoot(): string {
  const modules = fileURLToPath(new URL('../../../node_modules/', import.meta.url));
  const places = [modules, homedir(), '/opt', '/var/lib', '/usr/local/lib'];
  const temporary = ['/tmp', '/var/tmp', '/dev/shm', '/run/user', tmpdir()];
  const fits = (place: string): boolean => {
    try {
      accessSync(place, constants.W_OK);
      return temporary.every((root) => !`${realpathSync(place)}/`.startsWith(`${root}/`));
    } catch {
      return false;
    }
  };
  const found = places.find(fits);
  if (found === undefined) throw new Error('there is no place for programs outside of temporary directories');
  return found;
}

export function writeProgram(path: string, text: string, mode = 0o755): string {
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

export function openBench(options: BenchOptions = {}): Bench {
  const bin = options.bin ?? makeBin();
  const dir = mkdtempSync(join(tmpdir(), 'mex-proc-'));
  const [work, inputs] = [join(dir, 'op', 'work'), join(dir, 'op', 'inputs')];
  for (const path of [work, inputs]) mkdirSync(path, { recursive: true, mode: 0o700 });
  const toolbox = new Toolbox({
    tools: options.tools ?? ANYTHING,
    shadowRoot: join(dir, 'shadow'),
    untrustedRoots: [dir, ...(options.untrustedRoots ?? [])],
    ...(options.directories === undefined ? {} : { directories: options.directories }),
  });
  const budget = { ...BUDGET, ...options.budget };
  const meter = new Meter(budget);
  const bench = {
    events: [] as TerminalCommandBody[],
    denials: [] as ToolDenial[],
    required: [] as string[],
    kept: [] as { stream: string; text: string }[],
    specs: [] as JailSpec[],
  };
  const runner = new ToolRunner({
    sessionId: 'op-1',
    toolbox,
    launch: 'launch' in options ? options.launch : realLaunch(bench.specs, options.onLaunch),
    system: systemMounts,
    require: (id) => {
      bench.required.push(id);
      if (options.granted?.(id) === false)
        throw new MexError({ code: 'CAPABILITY_USED_WITHOUT_GRANT', kind: 'capability', message: id });
    },
    spend: (field, amount) => meter.spend(field, amount),
    remaining: (field) => budget[field] - meter.usage[field],
    directories: { work, inputs },
    inputs: options.inputs ?? NO_INPUTS,
    keep: async (stream, bytes) => {
      bench.kept.push({ stream, text: Buffer.from(bytes).toString('utf8') });
      return `kept-${bench.kept.length}`;
    },
    onEvent: (event) => bench.events.push(event),
    onDenial: (denial) => bench.denials.push(denial),
    ...(options.limits === undefined ? {} : { limits: options.limits }),
  });
  const close = async (): Promise<void> => {
    await runner.close();
    await toolbox.close();
    for (const path of [dir, bin]) rmSync(path, { recursive: true, force: true });
  };
  return { ...bench, bin, dir, work, toolbox, runner, meter, close };
}

function realLaunch(specs: JailSpec[], onLaunch: BenchOptions['onLaunch']): ToolRunnerOptions['launch'] {
  const tools = findJailTools();
  if ('missing' in tools) return undefined;
  return (spec) => {
    specs.push(spec);
    onLaunch?.(spec);
    return launchJailed(tools, spec);
  };
}

/** The code that a promise is rejected with: of a refusal, or of what ends an operation. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'succeeded';
  } catch (error) {
    if (error instanceof MexError || error instanceof JobStop) return error.code;
    throw error;
  }
}

export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8');
}
